import { isRetried } from '../../../src/api/errors.ts';
import type { JournalEntry } from '../../../src/controller/journal-entry.ts';
import { overlaps } from '../../../src/controller/path-claims.ts';
import type { Invariants } from './invariants.ts';
import type { SimulatedResource } from './simulated-api.ts';

/** What a newer version of the resource may say. */
export const unknownPolicy = 'Archive';

export interface Facts {
  readonly resource: SimulatedResource;
  readonly others: readonly SimulatedResource[];
  readonly entry: JournalEntry | undefined;
  readonly entryOf: (uid: string) => JournalEntry | undefined;
  readonly invariants: Pick<Invariants, 'isMade' | 'wasFull'>;
}

/** The small model: how a resource may stand when nothing fails any more. */
export function expectedOf(facts: Facts): readonly string[] {
  const { resource, entry, invariants } = facts;
  const { spec, metadata } = resource;
  if (invariants.isMade(metadata.uid)) return ['Ready InitializationSuccess'];
  if (isUnreadable(resource)) return ['Failed InvalidSpec'];
  if (entry?.state === 'failed') {
    const { reason } = entry.error;
    const last = !isRetried(reason) || entry.failures > (spec.backoffLimit ?? 3);
    if (reason !== 'Cancelled' && last) return [`Failed ${reason}`];
  }
  if (spec.suspend) return ['Pending Suspended'];
  if (spec.hostPath?.startsWith('/data/elsewhere')) return ['Failed PathNotAllowed'];
  // Whichever it met with first: what is permanent is not looked at again.
  const reasons = [
    ...(ownersOf(facts).length > 0 ? ['Failed PathInUse'] : []),
    ...(isRefused(facts) ? ['Failed PathNotEmpty'] : []),
  ];
  return reasons.length > 0 ? reasons : ['Ready InitializationSuccess'];
}

function isUnreadable({ spec }: SimulatedResource): boolean {
  return (spec.deletionPolicy as string | undefined) === unknownPolicy;
}

/** The content of a resource that is gone is nobody's to remove. */
function isRefused({ resource, invariants }: Facts): boolean {
  return resource.spec.existingContent !== 'Replace' && invariants.wasFull(pathOf(resource));
}

/** Resources that are there, and have a word in the journal on a part of the path or were there before. */
function ownersOf({ resource, others, entry, entryOf }: Facts): SimulatedResource[] {
  return others.filter((other) => {
    if (other.metadata.uid === resource.metadata.uid) return false;
    const held = entryOf(other.metadata.uid);
    if (held !== undefined) return overlaps(held.hostPath, pathOf(resource));
    const wants = allowedPathOf(other);
    const isElder = entry === undefined && isBefore(other.metadata, resource.metadata);
    return isElder && wants !== undefined && overlaps(wants, pathOf(resource));
  });
}

type Metadata = SimulatedResource['metadata'];

function isBefore(one: Metadata, other: Metadata): boolean {
  const [first, second] = [one.creationTimestamp, other.creationTimestamp];
  return first === second ? one.uid < other.uid : first < second;
}

function allowedPathOf(resource: SimulatedResource): string | undefined {
  const path = pathOf(resource);
  return path.startsWith(`/data/${resource.metadata.namespace}/`) ? path : undefined;
}

export function pathOf({ metadata, spec }: SimulatedResource): string {
  return spec.hostPath ?? `/data/${metadata.namespace}/${metadata.name}`;
}

export function standingOf({ status }: SimulatedResource): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${status?.phase} ${ready?.reason}`;
}
