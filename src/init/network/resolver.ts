/** Which resolv.conf an isolated sandbox gets: one with nameservers that it can reach. */
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';

export interface Resolver {
  /** On the node. */
  readonly path: string;
  /** IPv4 addresses that are not this machine's loopback. */
  readonly nameservers: readonly string[];
  /** Whether there are nameservers, but none that a sandbox can reach. */
  readonly unreachable: boolean;
}

const usual = '/etc/resolv.conf';
/** What systemd-resolved asks, where /etc/resolv.conf leads to systemd-resolved itself. */
const behindStub = '/run/systemd/resolve/resolv.conf';

export async function findResolver(): Promise<Resolver> {
  const found = await readResolver(usual);
  if (!found.unreachable) return found;
  const behind = await readResolver(behindStub);
  return behind.nameservers.length > 0 ? behind : found;
}

async function readResolver(path: string): Promise<Resolver> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return { path, ...parseResolver(text) };
}

/** Format: resolv.conf(5). */
export function parseResolver(text: string): Omit<Resolver, 'path'> {
  const all = [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  const nameservers = all.filter((address) => isIPv4(address) && !address.startsWith('127.'));
  return { nameservers, unreachable: all.length > 0 && nameservers.length === 0 };
}
