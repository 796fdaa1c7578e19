/**
 * The network of one sandbox: a namespace, a pair of interfaces that leads out of it, and the rules
 * for what goes through. All three have one name, which is derived from the run, so that what a crash
 * left is found again.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { containerPaths, type RunEnvironment } from '../environment.ts';
import type { ProgramLimits } from '../program.ts';
import type { IsolatedNetwork } from '../settings.ts';
import { addressesOf } from './pool.ts';
import { parseRange, type Range } from './ranges.ts';
import { findResolver } from './resolver.ts';
import { buildRuleset, dropRuleset, type RulesetInput } from './ruleset.ts';
import { runTool } from './tools.ts';

type Node = Pick<RunEnvironment, 'stateDir' | 'variables'>;

/** Milliseconds. It takes a few dozen of them. */
const removalMs = 20_000;

/** An interface's name has 15 characters at most. The state directory tells apart two daemons of a node. */
export function networkName({ stateDir }: Pick<Node, 'stateDir'>, id: string): string {
  const hash = createHash('sha256')
    .update(`${resolve(stateDir)}\0${id}`)
    .digest('hex');
  return `wsc${hash.slice(0, 12)}`;
}

/** Where iproute2 keeps the namespaces that have names. */
export function networkPath(name: string): string {
  return `/var/run/netns/${name}`;
}

/**
 * Makes the network of a run, whose bundle is there. What is made before it fails is left for disconnect.
 * Throws the signal's reason when that is aborted.
 */
export async function connectNetwork(
  node: Node,
  id: string,
  settings: IsolatedNetwork,
  signal: AbortSignal,
): Promise<void> {
  await writeFile(containerPaths(node, id).network, '');
  const name = networkName(node, id);
  const { gateway, address } = await makeInterface(node, name, settings.pool, signal);
  const inside = [
    'link set dev lo up',
    'link set dev eth0 addrgenmode none',
    `address add ${address}/32 dev eth0`,
    'link set dev eth0 up',
    `route add ${gateway} dev eth0 scope link`,
    `route add default via ${gateway}`,
  ];
  const rules = await rulesOf(node, settings, name, address);
  // Both have ended before anything is removed, also when one has failed.
  const outcomes = await Promise.allSettled([
    runTool(node, 'ip', ['-netns', name, '-batch', '-'], lines(inside), signal),
    runTool(node, 'nft', ['-f', '-'], rules, signal),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * Removes the network of a run, as much of it as is there, within so many milliseconds. Throws when
 * something stays.
 */
export async function disconnectNetwork(
  node: Node,
  id: string,
  { timeoutMs = removalMs, signal }: Partial<ProgramLimits> = {},
): Promise<void> {
  const marker = containerPaths(node, id).network;
  if (!existsSync(marker)) return;
  const name = networkName(node, id);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    await removeParts(node, name, signal === undefined ? late : AbortSignal.any([signal, late]));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the network ${name} could not be removed: ${why}`, { cause });
  }
  await rm(marker, { force: true });
}

async function removeParts(node: Node, name: string, signal: AbortSignal): Promise<void> {
  const commands = [`link delete dev ${name}`, `netns delete ${name}`];
  // The rules last: without them the sandbox would be free to go anywhere.
  await runTool(node, 'ip', ['-force', '-batch', '-'], lines(commands), signal).catch(() => {});
  const remaining = await runTool(node, 'ip', ['-brief', 'link', 'show'], '', signal);
  if (new RegExp(`^${name}\\b`, 'm').test(remaining) || existsSync(networkPath(name))) {
    throw new Error('it is still there');
  }
  await runTool(node, 'nft', ['-f', '-'], dropRuleset(name), signal);
}

/** The rules of a network, for the nameservers that there are now. */
export async function rulesOf(
  node: Pick<Node, 'variables'>,
  { pool, deny, allow }: IsolatedNetwork,
  name: string,
  address: string,
): Promise<string> {
  const { nameservers } = await findResolver();
  const input: RulesetInput = {
    ...{ name, address, nameservers },
    allowed: toRanges(allow),
    // The pool: sandboxes have nothing to say to each other.
    denied: toRanges([pool, ...apiServer(node), ...deny]),
  };
  return buildRuleset(input);
}

/** Its service's address, which Kubernetes gives every pod. */
function apiServer({ variables }: Pick<Node, 'variables'>): string[] {
  const host = variables['KUBERNETES_SERVICE_HOST'] ?? '';
  return /^[0-9.]+$/.test(host) ? [host] : [];
}

function toRanges(texts: readonly string[]): Range[] {
  return texts.map(parseRange).filter((range) => range !== undefined);
}

/**
 * The route to the sandbox's address is what allots it: there cannot be two to one address, whoever
 * else makes some at the same time.
 */
async function makeInterface(
  node: Node,
  name: string,
  pool: string,
  signal: AbortSignal,
): Promise<{ gateway: string; address: string }> {
  const { gateway, addresses } = addressesOf(pool, Math.random);
  const outside = [
    `netns add ${name}`,
    `link add ${name} type veth peer name eth0 netns ${name}`,
    `link set dev ${name} addrgenmode none`,
    `address add ${gateway}/32 dev ${name}`,
    `link set dev ${name} up`,
  ];
  await runTool(node, 'ip', ['-batch', '-'], lines(outside), signal);
  for (const address of addresses) {
    try {
      await runTool(node, 'ip', ['route', 'add', `${address}/32`, 'dev', name], '', signal);
      return { gateway, address };
    } catch (error) {
      if (!String(error).includes('File exists')) throw error;
    }
  }
  throw new Error(`no address of ${pool} is free: use a larger range (--sandbox-cidr)`);
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}
