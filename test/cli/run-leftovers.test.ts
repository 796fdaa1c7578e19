import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { mountsUnder } from '../support/leftovers.ts';
import { lacks } from '../support/requirements.ts';
import { content } from './support/content.ts';
import { invoke, type Invocation } from './support/invoke.ts';
import { prependPath } from './support/prepend-path.ts';

/** The real runc, but something is mounted in the state of a container that has ended, and stays mounted. */
const obstructing = `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in *" run "*) ;; *) exec runc "$@";; esac
runc "$@"
code=$?
for id; do :; done
mkdir "$2/$id/busy"
mount -t tmpfs wsc-test "$2/$id/busy"
exit $code
`;

test(
  'what a run cannot remove it tells of, and the next run removes it',
  { skip: lacks('root', 'runc') },
  async () => {
    await using folder = await createNodeFolder();
    await mkdir(folder.join('bin'));
    await writeFile(folder.join('bin/runc'), obstructing, { mode: 0o755 });
    await writeFile(folder.join('bin/umount'), '#!/bin/sh\nexit 32\n', { mode: 0o755 });
    const run = async (name: string): Promise<Invocation> => {
      const places = ['--data-root', folder.join('data'), '--state-dir', folder.join('state')];
      const stdin = content({ empty: {} }, {}, { name });
      return await invoke(['run', '-f', '-', ...places], { stdin });
    };
    let first: Invocation;
    {
      using _ = prependPath(folder.join('bin'));
      first = await run('one');
    }
    const mounts = await mountsUnder(folder.path);
    for (const path of mounts) await execa('umount', [path]);
    assert.equal(mounts.length, 1);
    assert.equal(first.exitCode, 0, first.stderr);
    const [name = ''] = await readdir(folder.join('state/run'));
    assert.match(first.stderr, /Something of the run stays behind/);
    assert.ok(first.stderr.includes(join(folder.join('state/run'), name)));

    const second = await run('two');
    assert.equal(second.exitCode, 0, second.stderr);
    assert.doesNotMatch(second.stderr, /stays behind/);
    await assert.rejects(readdir(folder.join('state/run')), { code: 'ENOENT' });
  },
);
