/** What the program in the sandbox can see and do, told by a stand-in for it under the real runc. */
import assert from 'node:assert/strict';
import { chmod, chown, lstat, mkdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  createSandboxHarness,
  reportDone,
  type SandboxHarness,
} from './support/sandbox-harness.ts';

const program = `
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code ?? error.message; } };
const status = fs.readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)[1];
fs.writeFileSync('/dst/a', 'content');
fs.mkdirSync('/tmp/own');
const facts = {
  ids: [process.getuid(), process.getgid(), ...process.getgroups()],
  umask: process.umask(),
  cwd: process.cwd(),
  hostname: os.hostname(),
  pid: process.pid,
  environment: process.env,
  capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(field),
  noNewPrivileges: field('NoNewPrivs'),
  uidMap: fs.readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\\s+/).map(Number),
  gidMap: fs.readFileSync('/proc/self/gid_map', 'utf8').trim().split(/\\s+/).map(Number),
  root: fs.readdirSync('/').sort(),
  etc: fs.readdirSync('/etc').sort(),
  devices: fs.readdirSync('/dev').sort(),
  mounts: fs.readFileSync('/proc/self/mountinfo', 'utf8'),
  namespaces: Object.fromEntries(['pid', 'ipc', 'uts', 'mnt', 'user', 'cgroup', 'net'].map((name) => [name, fs.readlinkSync('/proc/self/ns/' + name)])),
  coreLimit: /^Max core file size\\s+(\\S+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))[1],
  attempts: {
    writeRoot: attempt(() => fs.writeFileSync('/x', '')),
    writeUsr: attempt(() => fs.writeFileSync('/usr/x', '')),
    writeProgram: attempt(() => fs.writeFileSync('/opt/workspace-content/child/child.mjs', '')),
    writeHostRootFile: attempt(() => fs.writeFileSync('/dst/of-root', 'x')),
    chownHostRootFile: attempt(() => fs.chownSync('/dst/of-root', 33333, 33333)),
    chownToRoot: attempt(() => fs.chownSync('/dst/a', 0, 0)),
    chownToMapped: attempt(() => fs.chownSync('/dst/mapped', 100005, 100005)),
    sysctl: attempt(() => fs.writeFileSync('/proc/sys/kernel/hostname', 'x')),
    device: attempt(() => execFileSync('mknod', ['/dst/device', 'b', '8', '0'], { stdio: 'ignore' })),
    whiteout: attempt(() => execFileSync('mknod', ['/dst/whiteout', 'c', '0', '0'], { stdio: 'ignore' })),
    mount: attempt(() => execFileSync('mount', ['-t', 'tmpfs', 'x', '/tmp'], { stdio: 'ignore' })),
    seeInit: attempt(() => fs.readlinkSync('/proc/1/root')),
  },
  git: execFileSync('git', ['--version']).toString(),
  shell: execFileSync('sh', ['-c', 'echo works']).toString(),
};
fs.writeFileSync('/dst/facts.json', JSON.stringify(facts));
`;

interface Facts {
  ids: number[];
  umask: number;
  cwd: string;
  hostname: string;
  pid: number;
  environment: Record<string, string>;
  capabilities: string[];
  noNewPrivileges: string;
  uidMap: number[];
  gidMap: number[];
  root: string[];
  etc: string[];
  devices: string[];
  mounts: string;
  namespaces: Record<string, string>;
  coreLimit: string;
  attempts: Record<string, string>;
  git: string;
  shell: string;
}

let harness: SandboxHarness;
let destination: string;
let facts: Facts;

before(async () => {
  harness = await createSandboxHarness();
  await harness.child(program + reportDone);
  destination = await harness.destination();
  await writeFile(`${destination}/of-root`, '');
  await writeFile(`${destination}/mapped`, '');
  await chown(`${destination}/mapped`, 33333, 33333);
  process.env['WSC_TEST_OF_THE_DAEMON'] = 'secret';
  await harness.run({ destination });
  facts = JSON.parse(await readFile(`${destination}/facts.json`, 'utf8')) as Facts;
});
after(async () => {
  delete process.env['WSC_TEST_OF_THE_DAEMON'];
  await harness[Symbol.asyncDispose]();
});

test('it runs as the user of the content, as the first process, in its own namespaces', async () => {
  assert.deepEqual(facts.ids, [33333, 33333, 33333]);
  assert.equal(facts.pid, 1);
  assert.deepEqual([facts.umask, facts.cwd, facts.hostname], [0o022, '/', 'content-init']);
  for (const [name, link] of Object.entries(facts.namespaces)) {
    const shared = link === (await readlink(`/proc/self/ns/${name}`));
    assert.equal(shared, name === 'net', name);
  }
});

test('it has four capabilities in every set, and gets no others', () => {
  const four = ((1n << 0n) | (1n << 3n) | (1n << 27n) | (1n << 31n)).toString(16).padStart(16, '0');
  assert.deepEqual(facts.capabilities, Array(5).fill(four));
  assert.equal(facts.noNewPrivileges, '1');
});

test('root of the node is nobody in it, and its root is nobody on the node', async () => {
  const map = [0, 4_294_967_293, 1, 1, 1, 4_294_967_292];
  assert.deepEqual([facts.uidMap, facts.gidMap], [map, map]);
  const { attempts } = facts;
  assert.equal(attempts['writeHostRootFile'], 'EACCES');
  assert.equal(attempts['chownHostRootFile'], 'EPERM');
  assert.equal(attempts['chownToRoot'], 'done');
  assert.equal((await stat(`${destination}/a`)).uid, 4_294_967_293);
  assert.equal((await stat(`${destination}/of-root`)).uid, 0);
});

test('it can give content to mapped ids and make whiteouts, but no devices', async () => {
  assert.equal(facts.attempts['chownToMapped'], 'done');
  assert.equal((await stat(`${destination}/mapped`)).uid, 100005);
  assert.equal(facts.attempts['whiteout'], 'done');
  assert.ok((await lstat(`${destination}/whiteout`)).isCharacterDevice());
  assert.notEqual(facts.attempts['device'], 'done');
});

test('it sees none of the daemon and nothing of the node but what it needs', () => {
  const links = new Set(['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin']);
  assert.deepEqual(
    facts.root.filter((name) => !links.has(name)),
    ['dev', 'dst', 'etc', 'opt', 'proc', 'tmp', 'usr'],
  );
  for (const name of ['shadow', 'ssh', 'kubernetes', 'hostname']) {
    assert.ok(!facts.etc.includes(name), name);
  }
  assert.deepEqual(
    facts.devices.filter((name) => !['fd', 'stdin', 'stdout', 'stderr', 'ptmx'].includes(name)),
    ['full', 'null', 'random', 'tty', 'urandom', 'zero'],
  );
});

test('its environment is its own', () => {
  assert.deepEqual(facts.environment['WSC_TEST_OF_THE_DAEMON'], undefined);
  assert.deepEqual(facts.environment['HOME'], '/tmp');
  assert.deepEqual(facts.environment['LC_ALL'], 'C.UTF-8');
});

test('it can write nothing but the destination and /tmp', () => {
  const { attempts } = facts;
  assert.deepEqual(
    ['writeRoot', 'writeUsr', 'writeProgram', 'sysctl'].map((name) => attempts[name]),
    ['EROFS', 'EROFS', 'EROFS', 'EROFS'],
  );
  assert.notEqual(attempts['mount'], 'done');
  assert.equal(facts.coreLimit, '0');
});

test('the destination is without set-id programs and devices, the root filesystem read-only', () => {
  const options = (path: string): string[] =>
    facts.mounts
      .split('\n')
      .map((line) => line.split(' '))
      .find((fields) => fields[4] === path)?.[5]
      ?.split(',') ?? [];
  assert.deepEqual(
    ['rw', 'nosuid', 'nodev'].filter((option) => !options('/dst').includes(option)),
    [],
  );
  for (const path of ['/usr', '/opt/workspace-content/child', '/etc/hosts', '/etc/ssl/certs']) {
    assert.deepEqual(
      ['ro', 'nosuid', 'nodev'].filter((option) => !options(path).includes(option)),
      [],
      path,
    );
  }
  assert.ok(options('/').includes('ro'));
});

test('the tools of the node work in it', () => {
  assert.match(facts.git, /^git version/);
  assert.equal(facts.shell, 'works\n');
});

test('a data root that only root may enter will do', async () => {
  await using closed = await createSandboxHarness();
  await closed.child(`import fs from 'node:fs'; fs.writeFileSync('/dst/a', ''); ${reportDone}`);
  await mkdir(closed.dataRoot, { mode: 0o700 });
  await chmod(closed.dataRoot, 0o700);
  await closed.run();
  assert.equal((await stat(`${closed.dataRoot}/tests/content/a`)).uid, 33333);
});
