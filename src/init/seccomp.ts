/**
 * The system calls that a sandbox may make; every other one is refused with EPERM. What is here is what
 * Node, git, tar, the decompressors and a shell need to work with files, processes and the network. What
 * is not: everything that changes the system, looks into other processes, makes namespaces or mounts, or
 * is a wide way into the kernel that no program here needs (bpf, io_uring, keyrings, userfaultfd, perf).
 *
 * Names that an architecture does not have are passed over by runc, so one list serves amd64 and arm64.
 * No architecture is named: runc takes the machine's own, and a program of another one is killed.
 */
import type { Seccomp, SeccompArgument, SeccompRule } from './runtime-spec.ts';

const files = [
  ...['access', 'faccessat', 'faccessat2', 'chdir', 'fchdir', 'getcwd', 'umask'],
  ...['open', 'openat', 'openat2', 'creat', 'close', 'close_range', 'dup', 'dup2', 'dup3'],
  ...['read', 'pread64', 'readv', 'preadv', 'preadv2', 'readahead', 'lseek', 'fadvise64'],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'truncate', 'ftruncate', 'fallocate'],
  ...['copy_file_range', 'sendfile', 'splice', 'tee', 'fcntl', 'flock'],
  ...['sync', 'syncfs', 'fsync', 'fdatasync', 'sync_file_range'],
  ...[
    'stat',
    'lstat',
    'fstat',
    'newfstatat',
    'statx',
    'statfs',
    'fstatfs',
    'getdents',
    'getdents64',
  ],
  ...['mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat', 'rename', 'renameat', 'renameat2'],
  ...['link', 'linkat', 'symlink', 'symlinkat', 'readlink', 'readlinkat', 'mknod', 'mknodat'],
  ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'chown', 'fchown', 'lchown', 'fchownat'],
  ...['utime', 'utimes', 'utimensat', 'futimesat', 'inotify_init', 'inotify_init1'],
  ...['inotify_add_watch', 'inotify_rm_watch', 'memfd_create', 'cachestat'],
  ...['getxattr', 'lgetxattr', 'fgetxattr', 'listxattr', 'llistxattr', 'flistxattr'],
  ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'],
];

const memory = [
  ...['brk', 'mmap', 'munmap', 'mremap', 'mprotect', 'madvise', 'msync', 'mincore'],
  ...['mlock', 'mlock2', 'munlock', 'mlockall', 'munlockall', 'membarrier'],
  ...['pkey_alloc', 'pkey_free', 'pkey_mprotect', 'map_shadow_stack', 'mseal'],
];

/** `clone` has a rule of its own below. */
const processes = [
  ...['fork', 'vfork', 'execve', 'execveat', 'exit', 'exit_group', 'wait4', 'waitid'],
  ...['kill', 'tkill', 'tgkill', 'pidfd_open', 'pidfd_send_signal'],
  ...['getpid', 'getppid', 'gettid', 'getpgid', 'getpgrp', 'setpgid', 'getsid', 'setsid'],
  ...['getpriority', 'setpriority', 'ioprio_get', 'ioprio_set', 'getrusage', 'times'],
  ...['getrlimit', 'setrlimit', 'prlimit64', 'prctl', 'arch_prctl', 'set_thread_area'],
  ...['set_tid_address', 'set_robust_list', 'get_robust_list', 'rseq'],
  ...['futex', 'futex_wait', 'futex_wake', 'futex_waitv', 'futex_requeue', 'restart_syscall'],
  ...['sched_yield', 'sched_getaffinity', 'sched_setaffinity', 'sched_getattr', 'sched_setattr'],
  ...['sched_getparam', 'sched_setparam', 'sched_getscheduler', 'sched_setscheduler'],
  ...['sched_get_priority_max', 'sched_get_priority_min', 'sched_rr_get_interval'],
];

const signals = [
  ...['rt_sigaction', 'rt_sigprocmask', 'rt_sigreturn', 'rt_sigpending', 'rt_sigqueueinfo'],
  ...['rt_sigsuspend', 'rt_sigtimedwait', 'rt_tgsigqueueinfo', 'sigaltstack', 'pause'],
  ...['signalfd', 'signalfd4', 'alarm', 'getitimer', 'setitimer'],
];

const time = [
  ...['time', 'gettimeofday', 'clock_gettime', 'clock_getres', 'clock_nanosleep', 'nanosleep'],
  ...['timer_create', 'timer_delete', 'timer_getoverrun', 'timer_gettime', 'timer_settime'],
  ...['timerfd_create', 'timerfd_gettime', 'timerfd_settime'],
];

const waiting = [
  ...['poll', 'ppoll', 'select', 'pselect6', 'eventfd', 'eventfd2', 'pipe', 'pipe2'],
  ...['epoll_create', 'epoll_create1', 'epoll_ctl', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2'],
];

/** `socket` and `socketpair` have rules of their own below. */
const network = [
  ...['bind', 'listen', 'accept', 'accept4', 'connect', 'shutdown', 'getsockname', 'getpeername'],
  ...['getsockopt', 'setsockopt', 'sendto', 'sendmsg', 'sendmmsg'],
  ...['recvfrom', 'recvmsg', 'recvmmsg'],
];

/** Within the user namespace, and with the four capabilities that the sandbox has. */
const identity = [
  ...['getuid', 'geteuid', 'getgid', 'getegid', 'getgroups', 'getresuid', 'getresgid'],
  ...['setuid', 'setgid', 'setgroups', 'setreuid', 'setregid', 'setresuid', 'setresgid'],
  ...['setfsuid', 'setfsgid', 'capget', 'capset'],
];

const machine = ['uname', 'sysinfo', 'getcpu', 'getrandom'];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const namespaceFlags = 0x7e02_0000;
const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const netlinkRoute = 0;
/** What personality answers without changing anything. */
const queryPersonality = 0xffff_ffff;
const unknownCall = 38; // ENOSYS

/**
 * The kernel looks at 32 bits of an ioctl's number, so that no more may be compared: a number with
 * other bits above would else be taken for another. There is no terminal whose input could be faked
 * (TIOCSTI), and the commands for it are not here either.
 */
const ioctls = {
  TCGETS: 0x5401,
  TCGETS2: 0x802c_542a,
  TIOCGPGRP: 0x540f,
  TIOCGWINSZ: 0x5413,
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  FIONCLEX: 0x5450,
  FIOCLEX: 0x5451,
  SIOCGIFNAME: 0x8910,
  SIOCGIFFLAGS: 0x8913,
  SIOCGIFINDEX: 0x8933,
  FICLONE: 0x4004_9409,
  FICLONERANGE: 0x4020_940d,
  FS_IOC_GETFLAGS: 0x8008_6601,
  FS_IOC_FIEMAP: 0xc020_660b,
} as const;

/** linux.seccomp of the specification. */
export const seccompProfile: Seccomp = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    allow([
      ...[files, memory, processes, signals, time, waiting, network, identity, machine].flat(),
    ]),
    // Threads and processes, but no namespaces.
    allow(['clone'], masked(0, namespaceFlags, 0)),
    // Its flags are in memory, where a filter cannot look. The C library falls back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: unknownCall },
    ...[families.unix, families.inet, families.inet6].map((family) =>
      allow(['socket'], equal(0, family)),
    ),
    // The C library asks for the machine's addresses before it looks up a name.
    allow(['socket'], equal(0, families.netlink), equal(2, netlinkRoute)),
    allow(['socketpair'], equal(0, families.unix)),
    ...[0, queryPersonality].map((persona) => allow(['personality'], equal(0, persona))),
    ...Object.values(ioctls).map((command) => allow(['ioctl'], masked(1, 0xffff_ffff, command))),
  ],
};

function allow(names: readonly string[], ...args: readonly SeccompArgument[]): SeccompRule {
  return { names, action: 'SCMP_ACT_ALLOW', ...(args.length === 0 ? {} : { args }) };
}

function equal(index: number, value: number): SeccompArgument {
  return { index, value, op: 'SCMP_CMP_EQ' };
}

/** Whether of the argument's bits those in the mask are exactly the given ones. */
function masked(index: number, mask: number, bits: number): SeccompArgument {
  return { index, value: mask, valueTwo: bits, op: 'SCMP_CMP_MASKED_EQ' };
}
