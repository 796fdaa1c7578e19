/** What an initializer needs from object storage. Pure. */
import type { InitializerMessage } from '../api/initializer.ts';

export interface WantedSnapshot {
  /** `object@bucket`, unchecked. */
  readonly name: string;
  /** The step that wants it, such as composite[1].snapshot. */
  readonly step: string;
  /** False for a prebuild's snapshot: git is the fallback. */
  readonly required: boolean;
}

export interface Wanted {
  /** Each name once. */
  readonly snapshots: readonly WantedSnapshot[];
  /** The step that cannot do without a backup. */
  readonly backupStep?: string;
  /** The content came with a volume snapshot, and a backup must not replace it. */
  readonly backupRestored: boolean;
}

/** Looks through the whole tree: composites in composites, prebuilds in them. */
export function findWanted(initializer: InitializerMessage): Wanted {
  const snapshots = new Map<string, WantedSnapshot>();
  const wants = [...walk(initializer, '')];
  for (const { kind, name, step } of wants) {
    if (kind === 'backup') continue;
    const required = kind === 'snapshot';
    if (!snapshots.has(name) || (required && snapshots.get(name)?.required === false)) {
      snapshots.set(name, { name, step, required });
    }
  }
  const backups = wants.filter(({ kind }) => kind === 'backup');
  const backup = backups.find(({ restored }) => !restored);
  return {
    snapshots: [...snapshots.values()],
    ...(backup === undefined ? {} : { backupStep: backup.step }),
    backupRestored: backups.some(({ restored }) => restored),
  };
}

interface Want {
  readonly kind: 'snapshot' | 'prebuild' | 'backup';
  readonly name: string;
  readonly step: string;
  /** From a volume snapshot. */
  readonly restored: boolean;
}

function* walk(message: InitializerMessage, path: string): Generator<Want> {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const { snapshot, prebuild, backup, composite } = message;
  if (snapshot && snapshot.fromVolumeSnapshot !== true) {
    yield {
      kind: 'snapshot',
      name: snapshot.snapshot ?? '',
      step: below('snapshot'),
      restored: false,
    };
  }
  const built = prebuild?.prebuild;
  if (built?.snapshot && built.fromVolumeSnapshot !== true) {
    yield { kind: 'prebuild', name: built.snapshot, step: below('prebuild'), restored: false };
  }
  if (backup) {
    const restored = backup.fromVolumeSnapshot === true;
    yield { kind: 'backup', name: '', step: below('backup'), restored };
  }
  for (const [index, step] of (composite?.initializer ?? []).entries()) {
    yield* walk(step, below(`composite[${index}]`));
  }
}
