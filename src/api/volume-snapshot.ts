import type { InitializerMessage } from './initializer.ts';

/** Whether some step says that its content came with a volume snapshot: it lies there before the run. */
export function comesWithVolume({
  snapshot,
  prebuild,
  backup,
  composite,
}: InitializerMessage): boolean {
  const sources = [snapshot, prebuild?.prebuild, backup];
  if (sources.some((source) => source?.fromVolumeSnapshot === true)) return true;
  return (composite?.initializer ?? []).some(comesWithVolume);
}
