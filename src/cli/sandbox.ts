import type { SandboxSettings } from '../init/settings.ts';
import type { sandboxFlags } from './commands/sandbox-flags.ts';
import type { FlagValues } from './flags.ts';

export type SandboxValues = FlagValues<typeof sandboxFlags>;

export function sandboxSettings(values: SandboxValues): SandboxSettings {
  const { sandboxMemory, sandboxPids, sandboxCpus, sandboxNetwork: mode } = values;
  const { sandboxCidr: pool, sandboxDenyCidr: deny, sandboxAllowCidr: allow } = values;
  return {
    limits: { memory: sandboxMemory, pids: sandboxPids, cpus: sandboxCpus },
    network: mode === 'host' ? { mode } : { mode, pool, deny: deny ?? [], allow: allow ?? [] },
  };
}
