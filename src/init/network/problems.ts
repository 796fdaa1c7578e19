/** What keeps this node from having isolated networks. */
import { readFile } from 'node:fs/promises';
import type { RunEnvironment } from '../environment.ts';
import { networkName, rulesOf } from './network.ts';
import { addressesOf } from './pool.ts';
import { findResolver } from './resolver.ts';
import { runTool } from './tools.ts';

const instead = 'or use --sandbox-network host';

/** A sentence each with its remedy. */
export async function findNetworkProblems(
  environment: RunEnvironment,
  signal?: AbortSignal,
): Promise<string[]> {
  const { network } = environment.sandbox;
  if (network.mode === 'host') return [];
  const name = networkName(environment, 'check');
  const [address = ''] = addressesOf(network.pool, () => 0).addresses;
  const rules = await rulesOf(environment, network, name, address);
  const answers = await Promise.all([
    // Says nothing and changes nothing when all is well.
    runTool(environment, 'nft', ['--check', '-f', '-'], rules, signal).then(
      () => undefined,
      (error: unknown) =>
        `isolated sandboxes need nft (Debian's package nftables), a kernel with nftables and NAT, and the capability NET_ADMIN: ${String(error)}; install it, ${instead}`,
    ),
    runTool(environment, 'ip', ['-V'], '', signal).then(
      () => undefined,
      (error: unknown) =>
        `isolated sandboxes need ip (Debian's package iproute2): ${String(error)}; install it, ${instead}`,
    ),
    checkForwarding(),
    checkResolver(),
  ]);
  return answers.filter((answer) => answer !== undefined);
}

async function checkForwarding(): Promise<string | undefined> {
  const value = await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8').catch(() => '0');
  if (value.trim() === '1') return undefined;
  return `isolated sandboxes need a network that forwards packets: set the sysctl net.ipv4.ip_forward to 1, ${instead}`;
}

async function checkResolver(): Promise<string | undefined> {
  const { path, unreachable } = await findResolver();
  if (!unreachable) return undefined;
  return `isolated sandboxes can reach none of the nameservers in ${path}, which are on this machine's loopback or have IPv6 addresses: name another one there, ${instead}`;
}
