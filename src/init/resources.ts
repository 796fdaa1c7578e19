/** The limits of a sandbox as linux.resources of the specification, for cgroups of both versions. */
import type { Resources } from './runtime-spec.ts';
import type { SandboxLimits } from './settings.ts';

/** Microseconds; the kernel's own default. */
const period = 100_000;

export function toResources({ memory, pids, cpus }: SandboxLimits): Resources {
  return {
    ...(memory === 0 ? {} : { memory: { limit: memory } }),
    ...(pids === 0 ? {} : { pids: { limit: pids } }),
    ...(cpus === 0 ? {} : { cpu: { quota: Math.round(cpus * period), period } }),
  };
}
