import { join } from 'node:path';
import { execa } from 'execa';
import { gitEnvironment } from '../support/git-repository.ts';
import { startGitServer } from '../support/git-server.ts';
import { measureInTurns, median } from './measure.ts';
import { ms, times, type Row } from './report.ts';
import { sourceTree } from './source-tree.ts';
import { createRunner, remove } from './runs.ts';

const files = 4500;

/**
 * A shallow clone through the sandbox against plain `git clone --depth=1` of the same repository, and
 * against that with the further calls that the original makes: three settings, a reset, the submodules.
 */
export async function shallowClone(dir: string): Promise<Row[]> {
  const runner = await createRunner(join(dir, 'clone'));
  await using server = await startGitServer();
  const { url } = await server.create('many', { commits: [{ files: sourceTree(files) }] });
  const taken = await measureInTurns(
    {
      async run() {
        const path = await runner.run({ git: { remoteUri: url } });
        return async () => remove(path);
      },
      async plain() {
        const path = await runner.emptyDirectory();
        await execa('git', ['clone', '--quiet', '--depth=1', '--', url, path], {
          env: gitEnvironment,
        });
        return async () => remove(path);
      },
      async original() {
        const path = await runner.emptyDirectory();
        const git = async (...args: string[]): Promise<void> => {
          await execa('git', ['-C', path, ...args], { env: gitEnvironment });
        };
        await git('clone', '--quiet', '--depth=1', '--shallow-submodules', '--', url, '.');
        await git('config', 'fetch.writeCommitGraph', 'true');
        const refspec = '+refs/heads/*:refs/remotes/origin/*';
        await git('config', '--replace-all', 'remote.origin.fetch', refspec);
        await git('config', 'checkout.defaultRemote', 'origin');
        await git('reset', '--quiet', '--hard', 'origin/HEAD');
        await git('submodule', 'update', '--quiet', '--init', '--recursive');
        return async () => remove(path);
      },
    },
    7,
  );
  const [run, plain, original] = [median(taken.run), median(taken.plain), median(taken.original)];
  return [
    {
      what: `shallow clone of ${files} files against git clone --depth=1`,
      figures: `${ms(run)} against ${ms(plain)}`,
      result: times(run / plain),
      target: '1.1x',
      met: run / plain <= 1.1,
    },
    {
      what: `the same against what the original does with git, without its sandbox`,
      figures: `${ms(run)} against ${ms(original)}`,
      result: `${times(original / run)} as fast`,
      target: '1.3x as fast',
      met: original / run >= 1.3,
    },
  ];
}
