import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startCluster, startNode } from '../../scripts/demo/cluster.ts';
import { timeOne } from './apply-to-ready.ts';
import { measureInTurns, median } from './measure.ts';
import { ms, times, type Row } from './report.ts';

const rounds = 30;

/** From apply to Ready with the journal on a disk, and with a journal whose fsyncs cost nothing. */
export async function journalCost(): Promise<Row[]> {
  await using cleanUp = new AsyncDisposableStack();
  const controlPlane = await startCluster();
  cleanUp.defer(async () => controlPlane.stop());
  // Not /tmp, which is in memory on many machines.
  const folder = await mkdtemp('/var/tmp/wsc-bench-');
  cleanUp.defer(async () => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  for (const node of ['disk', 'memory']) {
    const stateDir = join(folder, node);
    const journal = join(stateDir, 'journal');
    await mkdir(journal, { recursive: true });
    if (node === 'memory') {
      await execa('mount', ['-t', 'tmpfs', 'none', journal]);
      cleanUp.defer(async () => void (await execa('umount', [journal])));
    }
    const daemon = await startNode(controlPlane, node, ['--state-dir', stateDir]);
    cleanUp.defer(async () => void (await daemon.stop()));
  }
  const { client } = controlPlane;
  const run = (node: string) => async (round: number) => {
    await timeOne(client, node, `${node}-${round + 1}`);
  };
  const taken = await measureInTurns({ disk: run('disk'), memory: run('memory') }, rounds);
  const [disk, memory] = [median(taken.disk), median(taken.memory)];
  return [
    {
      what: "apply to Ready with the journal's fsyncs against without",
      figures: `p50 ${ms(disk)} against ${ms(memory)}`,
      result: times(disk / memory),
      target: 'none',
      met: true,
    },
  ];
}
