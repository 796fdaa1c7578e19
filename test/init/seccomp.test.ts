/** What the profile refuses, told by a program under the real runc. That the tools work, the other tests tell. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { seccompProfile } from '../../src/init/seccomp.ts';
import { createSandboxHarness, reportDone } from './support/sandbox-harness.ts';

const EPERM = 1;
const ENOSYS = 38;
const userNamespace = 0x1000_0000;
const childSignal = 17;
const sessionKeyring = -3;
const TIOCSTI = 0x5412;

type Call = readonly [name: string, x64: number, arm64: number, args: readonly number[]];

/** Without the profile none of them ends with EPERM, with these arguments and without capabilities. */
const refused: readonly Call[] = [
  ['keyctl', 250, 219, [0, sessionKeyring, 0]],
  ['add_key', 248, 217, [0, 0, 0, 0, 0]],
  ['userfaultfd', 323, 282, [-1]],
  ['io_uring_setup', 425, 425, [0, 0]],
  ['ptrace, of its parent', 101, 117, [0, 0, 0, 0]],
  ['process_vm_readv', 310, 270, [1, 0, 0, 0, 0, 0]],
  ['kcmp', 312, 272, [1, 1, 99, 0, 0]],
  ['seccomp', 317, 277, [99, 0, 0]],
  ['name_to_handle_at', 303, 264, [-1, 0, 0, 0, 0]],
  ['setns', 308, 268, [-1, 0]],
  ['unshare, of nothing', 272, 97, [0]],
  ['unshare, of a user namespace', 272, 97, [userNamespace]],
  ['clone, into a user namespace', 56, 220, [userNamespace | childSignal, 0, 0, 0, 0]],
  ['open_tree', 428, 428, [-1, 0, 0]],
  ['personality, of another system', 135, 92, [8]],
  ['socket, of a virtual machine', 41, 198, [40, 1, 0]],
  ['socket, of the kernel crypto', 41, 198, [38, 5, 0]],
  ['socket, of the kernel events', 41, 198, [16, 3, 15]],
  ['ioctl, for terminal input', 16, 29, [0, TIOCSTI, 0]],
  ['ioctl, for terminal input, with other bits above', 16, 29, [0, 2 ** 32 + TIOCSTI, 0]],
];
const answered: readonly (readonly [number, Call])[] = [
  [ENOSYS, ['clone3, so that clone is tried', 435, 435, [0, 0]]],
  [0, ['personality, as a question', 135, 92, [0xffff_ffff]]],
  [0, ['socket, for names', 41, 198, [16, 3, 0]]],
  [0, ['socket, for the network', 41, 198, [2, 1, 0]]],
];

/** A line a call: its number and arguments. Answers the errors, 0 where there was none. */
const perl = String.raw`
  $| = 1;
  while (<STDIN>) {
    my ($number, @arguments) = map { int } split;
    $! = 0;
    my $result = syscall($number, @arguments);
    exit 0 if $number == $ARGV[0] && $result == 0;
    print(($result == -1 ? $! + 0 : 0), "\n");
  }`;

test('what no initializer needs is refused, and what libraries try is answered', async () => {
  await using harness = await createSandboxHarness();
  const calls = [...refused.map((call) => [EPERM, call] as const), ...answered];
  const number = ([, x64, arm64]: Call): number => (process.arch === 'arm64' ? arm64 : x64);
  const input = calls.map(([, call]) => `${[number(call), ...call[3]].join(' ')}\n`).join('');
  const clone = process.arch === 'arm64' ? 220 : 56;
  await harness.child(`
    import { execFileSync } from 'node:child_process'; import fs from 'node:fs';
    const input = ${JSON.stringify(input)};
    fs.writeFileSync('/dst/answers', execFileSync('perl', ['-e', ${JSON.stringify(perl)}, '${clone}'], { input }));
    ${reportDone}`);
  const destination = await harness.destination();
  await harness.run({ destination });
  const answers = (await readFile(`${destination}/answers`, 'utf8')).trim().split('\n').map(Number);
  const told = calls.map(([, [name]], index) => `${name}: ${answers[index]}`);
  assert.deepEqual(
    told,
    calls.map(([error, [name]]) => `${name}: ${error}`),
  );
});

test('calls that change the node, its memory or its mounts are on no list', () => {
  const listed = new Set(seccompProfile.syscalls.flatMap(({ names }) => names));
  const dangerous = [
    ...['bpf', 'perf_event_open', 'open_by_handle_at', 'pidfd_getfd', 'process_vm_writev'],
    ...['io_uring_enter', 'io_uring_register', 'request_key', 'quotactl', 'syslog', 'acct'],
    ...['mount', 'umount2', 'pivot_root', 'chroot', 'fsopen', 'fsmount', 'move_mount'],
    ...['mount_setattr', 'swapon', 'swapoff', 'reboot', 'kexec_load', 'kexec_file_load'],
    ...['init_module', 'finit_module', 'delete_module', 'settimeofday', 'clock_settime'],
    ...['adjtimex', 'iopl', 'ioperm', 'modify_ldt', 'sethostname', 'setdomainname'],
  ];
  assert.deepEqual(
    dangerous.filter((name) => listed.has(name)),
    [],
  );
});

test('no call is listed twice', () => {
  const names = seccompProfile.syscalls[0]?.names ?? [];
  assert.equal(new Set(names).size, names.length);
});
