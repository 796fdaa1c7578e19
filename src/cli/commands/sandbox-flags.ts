/** How sandboxes are set up: docs/sandbox.md. */
import { defaultPool, defaultSettings } from '../../init/settings.ts';
import type { Flags } from '../flags.ts';
import { cpus, limit, memory, oneOf, pool, ranges } from '../values.ts';

const { limits, network } = defaultSettings;

export const sandboxFlags = {
  sandboxMemory: {
    name: 'sandbox-memory',
    value: 'SIZE',
    description: 'Memory that one sandbox may use, such as 512Mi; 0 for no limit.',
    env: ['WSCONTENT_SANDBOX_MEMORY'],
    default: `${limits.memory / 1024 ** 3}Gi`,
    parse: memory,
  },
  sandboxPids: {
    name: 'sandbox-pids',
    value: 'N',
    description: 'Processes and threads that one sandbox may have; 0 for no limit.',
    env: ['WSCONTENT_SANDBOX_PIDS'],
    default: String(limits.pids),
    parse: limit(32, 1_000_000),
  },
  sandboxCpus: {
    name: 'sandbox-cpus',
    value: 'N',
    description: 'CPUs that one sandbox may use, such as 1.5; 0 for no limit.',
    env: ['WSCONTENT_SANDBOX_CPUS'],
    default: String(limits.cpus),
    parse: cpus,
  },
  sandboxNetwork: {
    name: 'sandbox-network',
    value: 'MODE',
    description:
      "host: sandboxes are in the daemon's own network. isolated: each has one of its own, from which the node, metadata services and other sandboxes cannot be reached.",
    env: ['WSCONTENT_SANDBOX_NETWORK'],
    default: network.mode,
    parse: oneOf('host', 'isolated'),
  },
  sandboxCidr: {
    name: 'sandbox-cidr',
    value: 'RANGE',
    description:
      'Where isolated sandboxes get their addresses from; nothing else on the network may use it.',
    env: ['WSCONTENT_SANDBOX_CIDR'],
    default: defaultPool,
    parse: pool,
  },
  sandboxDenyCidr: {
    name: 'sandbox-deny-cidr',
    value: 'RANGES',
    description:
      'More addresses that isolated sandboxes may not reach, such as 10.96.0.1,10.128.0.0/9.',
    env: ['WSCONTENT_SANDBOX_DENY_CIDR'],
    parse: ranges,
  },
  sandboxAllowCidr: {
    name: 'sandbox-allow-cidr',
    value: 'RANGES',
    description: 'Addresses that they may reach nevertheless, such as those of a git server.',
    env: ['WSCONTENT_SANDBOX_ALLOW_CIDR'],
    parse: ranges,
  },
} as const satisfies Flags;
