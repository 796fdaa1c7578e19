import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeBundle, removeBundle } from '../../src/init/bundle.ts';
import { createRunEnvironment, containerPaths } from '../../src/init/environment.ts';
import { measureInTurns, median } from './measure.ts';
import { ms, times, type Row } from './report.ts';
import { createRunner, remove } from './runs.ts';

/** A whole run of an empty initializer against `runc run` of /bin/true with the same mounts. */
export async function emptyRun(dir: string): Promise<Row[]> {
  const runner = await createRunner(join(dir, 'empty'));
  const plain = await plainContainer(join(dir, 'plain'), await runner.emptyDirectory());
  try {
    const taken = await measureInTurns(
      {
        async run() {
          const path = await runner.run({ empty: {} });
          return async () => remove(path);
        },
        plain: plain.run,
      },
      20,
    );
    const [run, floor] = [median(taken.run), median(taken.plain)];
    return [
      {
        what: 'run of an empty initializer against runc run /bin/true',
        figures: `${ms(run)} against ${ms(floor)}`,
        result: times(run / floor),
        target: '3x',
        met: run / floor <= 3,
      },
    ];
  } finally {
    await plain.remove();
  }
}

async function plainContainer(stateDir: string, destination: string) {
  const environment = createRunEnvironment({ stateDir });
  const id = `plain-${randomUUID()}`;
  await makeBundle(environment, id, { destination, uid: 33333, gid: 33333 });
  const { bundle, config } = containerPaths(environment, id);
  const spec = JSON.parse(await readFile(config, 'utf8')) as { process: { args: string[] } };
  spec.process.args = ['/bin/true'];
  await writeFile(config, JSON.stringify(spec));
  return {
    async run() {
      await execa('runc', ['--root', join(stateDir, 'runc'), 'run', '--bundle', bundle, id], {
        stdin: 'ignore',
      });
    },
    remove: async () => removeBundle(environment, id),
  };
}
