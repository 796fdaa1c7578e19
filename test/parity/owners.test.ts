/** Where a sandbox without root of the node cannot leave what the original does (ADR 9). */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execa } from 'execa';
import { snapshot } from '../storage/collecting.ts';
import { listTree } from '../support/archive-restore.ts';
import { capabilitiesOf, getAttributes, setCapabilities } from '../support/archive-tree.ts';
import { startContentNode } from '../support/content-node.ts';

const ours = '33333:33333';

test('owners, file capabilities and setgid bits are what a user namespace has for them', async () => {
  await using node = await startContentNode();
  const [root, file] = [node.temp.join('owners'), node.temp.join('owners.tar')];
  await mkdir(root);
  await execa('ln', ['-s', 'gone', `${root}/a-link`]);
  await writeFile(`${root}/b-root`, '');
  await writeFile(`${root}/c-high`, '');
  await chown(`${root}/c-high`, 4_294_967_293, 4_294_967_293);
  await writeFile(`${root}/d-other`, '');
  await chown(`${root}/d-other`, 7, 7);
  await mkdir(`${root}/e-own-group`);
  await chown(`${root}/e-own-group`, 7, 33333);
  await chmod(`${root}/e-own-group`, 0o2750);
  await mkdir(`${root}/f-group`);
  await chown(`${root}/f-group`, 7, 7);
  await chmod(`${root}/f-group`, 0o2750);
  await setCapabilities(`${root}/b-root`);
  const attributes = ['--format=posix', '--xattrs', '--xattrs-include=*'];
  await execa('tar', ['--create', `--file=${file}`, ...attributes, '-C', root, '.']);
  await node.store.putObject('snapshots', 'owners', { file });

  const { report, where } = await node.attempt(snapshot('owners@snapshots'), { idMappings: [] });
  const lines = (await listTree(where)).filter((line) => /^[a-f]-/.test(line));
  assert.deepEqual(lines, [
    // The original leaves these three to the ids that the archive has.
    `a-link: link ${ours} -> gone`,
    `b-root: file 644 ${ours} 0 `,
    `c-high: file 644 ${ours} 0 `,
    'd-other: file 644 7:7 0 ',
    'e-own-group: directory 2750 7:33333',
    // The original keeps the bit: it has FSETID.
    'f-group: directory 750 7:7',
  ]);
  assert.deepEqual(report.warnings, [
    'snapshot: the setgid bit of "f-group" is not restored, since a sandbox may set it for the content\'s own group only',
  ]);
  // The original has them hold for every root.
  assert.deepEqual(await getAttributes(`${where}/b-root`), {
    'security.capability': capabilitiesOf(33333),
  });
});
