import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import type { ContentReport } from '../../../src/api/protocol.ts';
import { type ObjectServer, startObjectServer } from '../../support/archive-server.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir } from '../../support/temp.ts';
import { fill } from './fill.ts';
import type { GitFields } from './request.ts';

/** Of the snapshot. */
export const prebuildName = 'build@prebuilds';

/** Bytes of what the build made: enough that an archive which is cut in it has been extracted up to there. */
export const builtBytes = 4_000_000;

/** A repository with the branches main and feature, and a prebuild of it in a store. */
export interface Prebuilds extends AsyncDisposable {
  readonly gits: GitServer;
  readonly store: ObjectServer;
  readonly remoteUri: string;
  /** Two of main, one of feature. */
  readonly commits: readonly string[];
  /** A checkout of main with what a build left in it, built/output and what the shell command does. */
  pack(command?: string): Promise<Buffer>;
  prebuild(git?: GitFields): InitializerMessage;
  /** Makes content with that archive in the store. */
  run(
    destination: string,
    initializer: InitializerMessage,
    content: Uint8Array,
  ): Promise<ContentReport>;
}

export async function startPrebuilds(): Promise<Prebuilds> {
  const [gits, store] = await Promise.all([startGitServer(), startObjectServer()]);
  const { url: remoteUri, commits } = await gits.create('project', {
    commits: [
      { files: { 'README.md': 'one' } },
      { files: { 'README.md': 'two' } },
      { files: { new: 'feature' }, branch: 'feature' },
    ],
  });
  return {
    ...{ gits, store, remoteUri, commits },
    async pack(command = 'true') {
      await using folder = await createTempDir();
      const tree = folder.join('tree');
      await execa('git', ['clone', '--quiet', remoteUri, tree], { env: gitEnvironment });
      await execa('sh', ['-ec', command], { cwd: tree, env: gitEnvironment });
      await mkdir(`${tree}/built`);
      await writeFile(`${tree}/built/output`, 'a'.repeat(builtBytes));
      const archive = ['--create', '--sort=name', '--file=archive'];
      await execa('tar', [...archive, '-C', 'tree', '.'], { cwd: folder.path });
      return await readFile(folder.join('archive'));
    },
    prebuild: (git = {}) => ({
      prebuild: { prebuild: { snapshot: prebuildName }, git: [{ remoteUri, config: {}, ...git }] },
    }),
    async run(destination, initializer, content) {
      const { href: url } = store.put('/prebuilds/build', { content });
      return await fill(destination, initializer, { remoteContent: { [prebuildName]: { url } } });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([gits.stop(), store.stop()]);
    },
  };
}
