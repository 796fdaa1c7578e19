/** Networks of several runs, told by stand-ins for the program in the sandbox under the real runc. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findProcesses } from '../../support/leftovers.ts';
import { waitFor } from '../../support/wait.ts';
import { places } from './support/places.ts';
import type { Order } from './support/run-stand-in.ts';
import { startWorld, type World } from './support/world.ts';

const command = [process.execPath, join(import.meta.dirname, 'support/run-stand-in.ts')];

/** Tells its network, and when it is given an address, whether it gets there. */
const program = `
import fs from 'node:fs'; import net from 'node:net'; import os from 'node:os';
const wait = async (path) => { while (!fs.existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10)); };
const connect = (port, host) => new Promise((resolve) => {
  const socket = net.connect(port, host, () => { socket.destroy(); resolve('connected'); });
  socket.on('error', (error) => resolve(error.code));
});
const tell = (name, value) => { fs.writeFileSync('/dst/new', JSON.stringify(value)); fs.renameSync('/dst/new', '/dst/' + name); };
net.createServer((socket) => socket.destroy()).listen(7000, '0.0.0.0', async () => {
  const interfaces = Object.entries(os.networkInterfaces()).flatMap(([name, all]) => all.map(({ address }) => name + ' ' + address));
  tell('network', { interfaces, devices: fs.readFileSync('/proc/net/dev', 'utf8').match(/\\w+(?=:)/g) });
  await wait('/dst/ask');
  const neighbour = fs.readFileSync('/dst/ask', 'utf8');
  tell('answers', { neighbour: await connect(7000, neighbour), itself: await connect(7000, '127.0.0.1'), server: await connect(80, '${places.server}') });
  await wait('/dst/end');
  process.exit();
});
`;

interface Network {
  readonly interfaces: readonly string[];
  readonly devices: readonly string[];
}

let world: World;
let count = 0;

before(async () => void (world = await startWorld()));
after(async () => await world[Symbol.asyncDispose]());

const usesNetwork = { git: { remoteUri: 'http://git.test/one.git' } };

async function order(changes: Partial<Order> = {}): Promise<Order> {
  count += 1;
  const destination = world.temp.join(`content-${count}`);
  await mkdir(destination);
  const stateDir = world.temp.join(`state-${count}`);
  return {
    stateDir,
    destination,
    program,
    pool: '198.18.0.0/16',
    initializer: usesNetwork,
    ...changes,
  };
}

async function carryOut(given: Order): Promise<string> {
  const { stdout, stderr } = await world.onNode(command, { input: JSON.stringify(given) });
  assert.notEqual(stdout, '', stderr);
  return (JSON.parse(stdout) as { outcome: string }).outcome;
}

async function told<T>({ destination }: Order, name: string): Promise<T> {
  const path = `${destination}/${name}`;
  const text = await waitFor(path, async () => await readFile(path, 'utf8'), { timeoutMs: 60_000 });
  return JSON.parse(text) as T;
}

const addressOf = ({ interfaces }: Network): string =>
  interfaces.find((line) => line.startsWith('eth0 '))?.slice(5) ?? 'none';

/** All of it at once. */
async function ask(destination: string, address: string): Promise<void> {
  await writeFile(`${destination}/ask.new`, address);
  await rename(`${destination}/ask.new`, `${destination}/ask`);
}

async function end(...orders: readonly Order[]): Promise<void> {
  for (const { destination } of orders) {
    await ask(destination, '127.0.0.1');
    await writeFile(`${destination}/end`, '');
  }
}

async function assertNoneLeft(): Promise<void> {
  assert.deepEqual(await world.leftovers(), { interfaces: [], namespaces: [], rules: '' });
}

test('two runs side by side reach the world and not each other', async () => {
  const orders = [await order(), await order()];
  const runs = Promise.all(orders.map(carryOut));
  const networks = await Promise.all(
    orders.map(async (each) => await told<Network>(each, 'network')),
  );
  for (const [index, { destination }] of orders.entries()) {
    const other = networks[1 - index];
    assert.ok(other);
    await ask(destination, addressOf(other));
  }
  for (const each of orders) {
    const expected = { neighbour: 'ECONNREFUSED', itself: 'connected', server: 'connected' };
    assert.deepEqual(await told(each, 'answers'), expected);
  }
  await end(...orders);
  assert.deepEqual(await runs, ['done', 'done']);
  await assertNoneLeft();
});

test('a run has an address of its own, no IPv6, and nothing else', async () => {
  const given = await order();
  const run = carryOut(given);
  const { interfaces, devices } = await told<Network>(given, 'network');
  await end(given);
  assert.equal(await run, 'done');
  assert.deepEqual([...devices].toSorted(), ['eth0', 'lo']);
  assert.equal(interfaces.length, 3);
  assert.match(interfaces.join(), /^lo 127\.0\.0\.1,lo ::1,eth0 198\.18\.\d+\.\d+$/);
});

test('a run that needs no network has none', async () => {
  const given = await order({ initializer: { empty: {} } });
  const run = carryOut(given);
  const { devices } = await told<Network>(given, 'network');
  assert.deepEqual(await world.leftovers(), { interfaces: [], namespaces: [], rules: '' });
  await end(given);
  assert.equal(await run, 'done');
  assert.deepEqual(devices, ['lo']);
});

test('an address that is taken is passed over, and none being free is told', async () => {
  const route = async (address: string) =>
    assert.equal(
      (await world.onNode(['ip', 'route', 'add', `${address}/32`, 'dev', 'lo'])).exitCode,
      0,
    );
  for (const last of [2, 3, 5, 6]) await route(`198.18.7.${last}`);
  const given = await order({ pool: '198.18.7.0/29' });
  const run = carryOut(given);
  assert.equal(addressOf(await told<Network>(given, 'network')), '198.18.7.4');
  const late = await carryOut(await order({ pool: '198.18.7.0/29' }));
  assert.match(
    late,
    /no address of 198\.18\.7\.0\/29 is free: use a larger range \(--sandbox-cidr\)/,
  );
  await end(given);
  assert.equal(await run, 'done');
  await assertNoneLeft();
});

test('what daemons that were killed left is removed by their next lives, and nothing else', async () => {
  const orders = [await order(), await order()];
  const killed = orders.map((each) => {
    const daemon = world.startOnNode(command);
    daemon.stdin.end(JSON.stringify(each));
    return daemon;
  });
  await Promise.all(orders.map(async (each) => await told(each, 'network')));
  for (const daemon of killed) await world.stop(daemon);
  const both = await world.leftovers();
  assert.equal(both.interfaces.length, 2);
  assert.deepEqual(both.interfaces.toSorted(), both.namespaces.toSorted());

  const [first, second] = orders;
  assert.ok(first && second);
  const reap = async (each: Order) =>
    await world.onNode(command, { input: JSON.stringify({ ...each, reap: true }) });
  assert.deepEqual(await reap(first), { exitCode: 0, stdout: '', stderr: '' });
  const one = await world.leftovers();
  assert.equal(one.interfaces.length, 1);
  assert.deepEqual(one.namespaces, one.interfaces);
  assert.deepEqual(
    [...one.rules.matchAll(/^table inet (\S+)/gm)].map(([, name]) => name),
    one.interfaces,
  );
  await reap(second);
  await assertNoneLeft();
  await waitFor(
    'the processes to be gone',
    async () => (await findProcesses(first.stateDir)).length === 0,
  );
});
