/** `wscontent run` of what says that its content came with a volume snapshot. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { lacks } from '../support/requirements.ts';
import { createTempDir } from '../support/temp.ts';
import { content } from './support/content.ts';
import { invoke, type Invocation } from './support/invoke.ts';

const onVolume = { fromVolumeSnapshot: true };
const failing = { git: { remoteUri: 'http://127.0.0.1:1/none.git' } };

const cases: [what: string, initializer: object, spec: object, outcome: RegExp][] = [
  ['a backup', { backup: onVolume }, {}, /^Ready: /],
  ['a snapshot', { snapshot: { snapshot: 'a@b', ...onVolume } }, {}, /^Ready: /],
  [
    'a backup that may replace content',
    { backup: onVolume },
    { existingContent: 'Replace' },
    /^Ready/,
  ],
  [
    'a backup in a composite that fails',
    { composite: { initializer: [{ backup: onVolume }, failing] } },
    { existingContent: 'Replace', timeout: '3s' },
    /^Failed: /m,
  ],
];

for (const [what, initializer, spec, outcome] of cases) {
  test(`nothing of the volume is lost: ${what}`, { skip: lacks('root', 'runc') }, async () => {
    await using temp = await createTempDir();
    await chmod(temp.path, 0o755);
    await mkdir(temp.join('data/default/one'), { recursive: true });
    await writeFile(temp.join('data/default/one/work'), 'of days');
    const flags = ['--data-root', temp.join('data'), '--state-dir', temp.join('state')];
    const answer: Invocation = await invoke(['run', '-f', '-', ...flags], {
      stdin: content(initializer, spec),
    });
    assert.match(`${answer.stdout}${answer.stderr}`, outcome);
    assert.equal(await readFile(temp.join('data/default/one/work'), 'utf8'), 'of days');
    const isReady = answer.exitCode === 0;
    const names = await readdir(temp.join('data/default/one'));
    assert.deepEqual(names.includes('.gitpod'), isReady, names.join());
  });
}
