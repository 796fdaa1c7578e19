/** The daemon at the root of cgroups of version 2, as in a pod; where the machine has controllers of version 1. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { readMounts } from '../../src/init/mounts.ts';
import { waitFor } from '../support/wait.ts';

const program = `
import { readFileSync } from 'node:fs';
import { makeRoomForLimits } from ${JSON.stringify(join(import.meta.dirname, '../../src/init/cgroup-room.ts'))};
import { createSandboxHarness, reportDone } from ${JSON.stringify(join(import.meta.dirname, 'support/sandbox-harness.ts'))};

const own = () => /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))[1];
const none = { memory: 0, pids: 0, cpus: 0 };
const before = own();
const problem = await makeRoomForLimits(none);
const again = await makeRoomForLimits(none);
const wanting = await makeRoomForLimits({ ...none, pids: 1 });
await using harness = await createSandboxHarness({ sandbox: { limits: none, network: { mode: 'host' } } });
await harness.child("import fs from 'node:fs'; fs.writeFileSync('/dst/a', '');" + reportDone);
const { report } = await harness.run();
console.log(JSON.stringify({
  before, after: own(), problem, again, wanting,
  left: readFileSync('/sys/fs/cgroup/cgroup.procs', 'utf8').trim(),
  source: report.source,
}));
`;

test('the daemon makes room for the sandboxes beside it, and runs go on from there', async () => {
  const unified = (await readMounts()).find(({ type }) => type === 'cgroup2')?.path;
  assert.ok(unified, 'no cgroup2 is mounted');
  const group = join(unified, `wsc-test-${crypto.randomUUID()}`);
  await mkdir(group);
  try {
    const script = `echo $$ >"$1/cgroup.procs" && exec unshare --cgroup --mount sh -c '
      mount -t cgroup2 none /sys/fs/cgroup && exec "$1" --input-type=module --eval "$2"' sh "$2" "$3"`;
    const { stdout } = await execa('sh', ['-c', script, 'sh', group, process.execPath, program]);
    const { wanting, ...facts } = JSON.parse(stdout) as Record<string, string>;
    assert.deepEqual(facts, {
      before: '/',
      after: '/workspace-content',
      left: '',
      source: 'from-other',
    });
    // Nothing, or what to do about it, according to what the machine has of version 2.
    if (wanting !== undefined) {
      assert.match(wanting, /no controller for pids: .* by --sandbox-pids 0$/);
    }
  } finally {
    const below = await readdir(group, { withFileTypes: true });
    const groups = below
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(group, name));
    for (const path of [...groups, group]) {
      await waitFor(`${path} to be empty`, async () => (await rmdir(path), true));
    }
  }
});
