import type { Logger } from 'pino';
import type { ResourceIdentity } from '../api/resource.ts';
import type { Farewell } from './decide.ts';
import type { Engine } from './engine.ts';
import type { EventDraft } from './events.ts';
import type { Finalizers } from './finalizers.ts';
import { disown, type JournalEntry } from './journal-entry.ts';
import { isForWantOfRoom, type Journal } from './journal.ts';
import type { PathClaims } from './path-claims.ts';
import type { Reporter } from './reporter.ts';

export interface DeletionParts {
  readonly engine: Pick<Engine, 'remove'>;
  readonly journal: Journal;
  readonly claims: PathClaims;
  readonly finalizers: Finalizers;
  readonly reporter: Reporter;
  readonly log: Logger;
  /** Aborted when the daemon is to end; the next life goes on. */
  readonly stopping: AbortSignal;
}

/**
 * Does what a resource that is being deleted waits for, and lets it go. No attempt of it runs. `isAnew`: it
 * is not known to have failed just now, which the status goes on to say while it is tried again. Throws
 * ContentError when its directory could not be removed, and as KubeClient.
 */
export async function finishDeletion(
  parts: DeletionParts,
  identity: ResourceIdentity,
  farewell: Farewell,
  isAnew: boolean,
): Promise<void> {
  const { reporter, finalizers } = parts;
  const news = await part(parts, identity, farewell, isAnew);
  if (news !== undefined) reporter.announce(identity, news);
  await finalizers.set(identity, false);
}

/** `Journal.settle`, which a full disk keeps from nothing but removing: that is what helps there. */
export async function settleFor(
  journal: Journal,
  { uid, deletionTimestamp }: ResourceIdentity,
): Promise<void> {
  await journal.settle(uid).catch((error: unknown) => {
    if (deletionTimestamp === undefined || !isForWantOfRoom(error)) throw error;
  });
}

async function part(
  parts: DeletionParts,
  identity: ResourceIdentity,
  farewell: Farewell,
  isAnew: boolean,
): Promise<EventDraft | undefined> {
  switch (farewell.kind) {
    case 'keep':
      return undefined;
    case 'unproven':
      return kept(
        0,
        'The directory was not removed: this node does not remember whose content it is. Remove it by hand if nobody needs it.',
      );
    case 'remove': {
      const { entry } = farewell;
      const { attempts, hostPath } = entry;
      const owner = parts.claims.ownerBeside(entry);
      if (owner !== undefined) {
        const whose = `the WorkspaceContent ${owner.namespace}/${owner.name}`;
        return kept(
          attempts,
          `${hostPath} was not removed: ${owner.hostPath} belongs to ${whose}.`,
        );
      }
      // The resource may leave the store meanwhile: anybody can take its finalizer away.
      using _ = parts.claims.hold(entry);
      if (isAnew) await parts.reporter.report(identity, { kind: 'removing', entry }, hostPath);
      await remove(parts, entry);
      const message = `${hostPath} was removed with the resource.`;
      return { type: 'Normal', reason: 'ContentRemoved', message, attempt: attempts };
    }
  }
}

function kept(attempt: number, message: string): EventDraft {
  return { type: 'Warning', reason: 'ContentKept', message, attempt };
}

async function remove(
  { engine, journal, log, stopping }: DeletionParts,
  entry: JournalEntry,
): Promise<void> {
  const { namespace, hostPath } = entry;
  // Should the resource come back from a backup, a part of its content does not count as Ready.
  const begun: JournalEntry = { ...disown(entry), dirty: true };
  await journal.write(begun).catch((error: unknown) => {
    // On a disk that is full, removing is what helps.
    if (!isForWantOfRoom(error)) throw error;
    log.warn({ err: error }, 'a removal starts without a word in the journal');
  });
  await engine.remove(namespace, hostPath, stopping);
  await journal.record(disown(begun));
}
