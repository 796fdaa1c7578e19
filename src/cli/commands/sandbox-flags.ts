/** How sandboxes are set up: docs/sandbox.md. */
import { defaultSettings } from '../../init/settings.ts';
import type { Flags } from '../flags.ts';
import { cpus, limit, memory } from '../values.ts';

const { limits } = defaultSettings;

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
} as const satisfies Flags;
