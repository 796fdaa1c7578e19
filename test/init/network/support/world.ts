/**
 * A node and an internet for one test: two network namespaces with a wire between them. They belong to
 * two processes of the test and to nothing else, so that all of it goes away with them.
 */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { createTempDir, type TempDir } from '../../../support/temp.ts';
import { places } from './places.ts';

export interface World extends AsyncDisposable {
  readonly temp: TempDir;
  /** Holds the repositories of the git server. */
  readonly repositories: string;
  /** Runs a program on the node. */
  onNode(command: readonly string[], options?: OnNodeOptions): Promise<Answer>;
  /** Starts one there. */
  startOnNode(command: readonly string[]): ChildProcessWithoutNullStreams;
  /** Ends what was started at once. */
  stop(child: ChildProcess): Promise<void>;
  /** Requests that came to addresses that no sandbox should reach. */
  trespasses(): Promise<string[]>;
  /** What there is of networks on the node, but for its own interfaces. */
  leftovers(): Promise<{ interfaces: string[]; namespaces: string[]; rules: string }>;
}

interface OnNodeOptions {
  readonly input?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Its resolv.conf and its named namespaces are its own too. */
const node = `mount --bind "$0" /etc/resolv.conf && mkdir -p /run/netns &&
  mount -t tmpfs tmpfs /run/netns && echo 1 >/proc/sys/net/ipv4/ip_forward && echo ready && exec cat`;

export async function startWorld(): Promise<World> {
  const temp = await createTempDir('wsc-network-');
  await chmod(temp.path, 0o755);
  const resolvConf = temp.join('resolv.conf');
  await writeFile(resolvConf, `nameserver ${places.nameserver}\noptions timeout:2\n`);
  const repositories = temp.join('repositories');
  const host = start('unshare', ['--net', '--mount', 'sh', '-c', node, resolvConf]);
  const program = [
    process.execPath,
    join(import.meta.dirname, '../internet/main.ts'),
    repositories,
  ];
  // Its addresses have to be there before it listens on them.
  const wait = 'echo waiting && read go && exec "$0" "$@"';
  const outside = start('unshare', ['--net', 'sh', '-c', wait, ...program]);
  const end = async (): Promise<void> => {
    await Promise.all([stop(host), stop(outside)]);
    await temp.remove();
  };
  try {
    await Promise.all([hears(host, 'ready'), hears(outside, 'waiting')]);
    const hostPid = Number(host.pid);
    await wire(hostPid, Number(outside.pid));
    const ready = hears(outside, 'ready');
    outside.stdin.write('go\n');
    await ready;
    return makeWorld(temp, repositories, hostPid, end);
  } catch (error) {
    await end();
    throw error;
  }
}

function makeWorld(
  temp: TempDir,
  repositories: string,
  pid: number,
  end: () => Promise<void>,
): World {
  const enter = ['--target', String(pid), '--net', '--mount', '--'];
  const onNode: World['onNode'] = async (command, { input = '', variables = {} } = {}) => {
    const options = { input, reject: false, env: { ...variables } } as const;
    const result = await execa('nsenter', [...enter, ...command], options);
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  };
  const output = async (...command: string[]): Promise<string> => (await onNode(command)).stdout;
  return {
    ...{ temp, repositories, onNode, stop },
    startOnNode: (command) => start('nsenter', [...enter, ...command]),
    async trespasses() {
      const url = `http://${places.server}/trespasses`;
      const script = `fetch(${JSON.stringify(url)}).then(async (r) => process.stdout.write(await r.text()))`;
      return JSON.parse(await output(process.execPath, '--eval', script)) as string[];
    },
    async leftovers() {
      const interfaces = (await output('ip', '-brief', 'link')).split('\n');
      return {
        interfaces: interfaces
          .map((line) => line.split(/[ @]/)[0] ?? '')
          .filter((name) => !['lo', 'eth0'].includes(name)),
        namespaces: (await output('ls', '/run/netns')).split('\n').filter((name) => name !== ''),
        rules: await output('nft', 'list', 'ruleset'),
      };
    },
    [Symbol.asyncDispose]: end,
  };
}

async function wire(host: number, outside: number): Promise<void> {
  const add = `link add name eth0 netns ${host} type veth peer name eth0 netns ${outside}`;
  await execa('ip', add.split(' '));
  await configure(
    host,
    ['address add 203.0.113.2/24 dev eth0'],
    [`route add default via ${places.gateway}`],
  );
  const own = [places.metadata, places.apiServer, places.nameserver].map(
    (address) => `address add ${address}/32 dev lo`,
  );
  await configure(
    outside,
    [
      `address add ${places.gateway}/24 dev eth0`,
      `address add ${places.server}/24 dev eth0`,
      ...own,
    ],
    [],
  );
}

async function configure(
  pid: number,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const up = ['link set dev lo up', 'link set dev eth0 up'];
  const input = `${[...before, ...up, ...after].join('\n')}\n`;
  await execa('nsenter', ['--target', String(pid), '--net', 'ip', '-batch', '-'], { input });
}

function start(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stderr.on('data', (text: Buffer) => process.stderr.write(text));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Waits for a line that the program writes when it has come so far. */
async function hears(child: ChildProcessWithoutNullStreams, line: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      if (text.toString().includes(line)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ${line}`)));
  });
}
