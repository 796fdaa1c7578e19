import assert from 'node:assert/strict';
import { isRetried } from '../../../src/api/errors.ts';
import type { WorkspaceContentStatus } from '../../../src/api/types.generated.ts';
import type { AttemptRequest } from '../../../src/controller/engine.ts';
import { type JournalEntry, parseEntry } from '../../../src/controller/journal-entry.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApi, SimulatedResource } from './simulated-api.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedNode } from './simulated-node.ts';

export interface InvariantsParts {
  readonly api: SimulatedApi;
  readonly disk: SimulatedDisk;
  readonly node: SimulatedNode;
  readonly scheduler: Scheduler;
  readonly maxConcurrent: number;
}

/** What holds at every moment. The first breach is kept: it is thrown where nobody can catch it. */
export class Invariants {
  readonly #parts: InvariantsParts;
  /** Uids whose content came to be. */
  readonly #made = new Set<string>();
  readonly #ready = new Set<string>();
  readonly #full = new Set<string>();
  /** The last attempt of each uid that began. */
  readonly #begun = new Map<string, number>();
  readonly #owners = new Map<string, string>();
  readonly #entries = new Map<string, JournalEntry>();
  /** The highest spec.backoffLimit that a uid ever had. */
  readonly #limits = new Map<string, number>();
  readonly #replaces = new Set<string>();
  /** The last attempt of each uid whose status said that it ran, and then something else. */
  readonly #over = new Map<string, number>();
  breach: Error | undefined;

  constructor(parts: InvariantsParts) {
    this.#parts = parts;
    parts.disk.onChange = (name, text) => this.#journalled(name, text);
    parts.api.onStatus = (resource, status) => this.#published(resource, status);
  }

  /** Fails the round, whoever asks and whatever they catch. */
  #check(holds: boolean, what: string): void {
    if (holds) return;
    this.#parts.scheduler.note(`BREACH: ${what}`);
    this.breach ??= new assert.AssertionError({ message: what });
  }

  seen({ metadata: { uid }, spec }: SimulatedResource): void {
    this.#limits.set(uid, Math.max(this.#limits.get(uid) ?? 0, spec.backoffLimit ?? 3));
    if (spec.existingContent === 'Replace') this.#replaces.add(uid);
  }

  isMade(uid: string): boolean {
    return this.#made.has(uid);
  }

  wasFull(path: string): boolean {
    return this.#full.has(path);
  }

  /** What attempts of its own left is no reason to refuse a directory to a resource. */
  foundFull(path: string): void {
    if (!this.#parts.node.isAllOf(this.#owners.get(path) ?? '', path)) this.#full.add(path);
  }

  started({ uid, attempt, destination }: AttemptRequest): void {
    const { node, disk, maxConcurrent } = this.#parts;
    const what = `attempt ${attempt} of ${uid}`;
    this.#check(!this.#made.has(uid), `${what} starts although the content was made`);
    this.#check(!this.#ready.has(uid), `${what} starts although the status said Ready`);
    const others = node.beside(uid, destination).map((each) => each.uid);
    this.#check(others.length === 0, `${what} starts beside ${others.join()} in ${destination}`);
    this.#check(node.containers.size < maxConcurrent, `${what} starts beyond the limit`);
    const entry = parse(disk.readSafe(`${uid}.json`));
    const ahead = entry?.state === 'running' && entry.attempts === attempt;
    this.#check(ahead, `${what} starts before the journal has it safely`);
    this.#begun.set(uid, attempt);
  }

  /** There is one daemon, and it gives each directory to one resource at a time. */
  locks(who: string, destination: string): void {
    const isFree = this.#parts.node.locks.get(destination)?.alive !== true;
    this.#check(isFree, `${who} finds ${destination} locked`);
  }

  /** From now on what is cleared there is cleared for this uid. */
  prepared(uid: string, destination: string): void {
    this.#owners.set(destination, uid);
  }

  made(uid: string): void {
    this.#made.add(uid);
  }

  clears(uid: string, path: string, usersFiles: readonly string[]): void {
    const givenUp = this.#replaces.has(uid) && !this.#made.has(uid);
    const lost = usersFiles.join();
    this.#check(givenUp || lost === '', `${uid} removes ${lost} of users from ${path}`);
  }

  clearsAfterwards(path: string, usersFiles: readonly string[]): void {
    const uid = this.#owners.get(path);
    this.#check(uid !== undefined, `${path} is cleared although nobody has it`);
    this.clears(uid ?? '', path, usersFiles);
    const others = this.#parts.node.beside('', path).map((each) => each.uid);
    this.#check(others.length === 0, `${path} is cleared while ${others.join()} runs there`);
  }

  #journalled(name: string, text: string | undefined): void {
    if (!name.endsWith('.json')) return;
    const uid = name.slice(0, -'.json'.length);
    const before = this.#entries.get(uid);
    const entry = parse(text);
    this.#check(text === undefined || entry !== undefined, `the journal on ${uid} is unreadable`);
    if (entry === undefined) this.#entries.delete(uid);
    else this.#entries.set(uid, entry);
    // An attempt that was written ahead and never began may be taken back.
    const begun = before?.state !== 'running' || this.#begun.get(uid) === before.attempts;
    // Of a resource that is gone everything may be forgotten.
    const forgotten =
      entry === undefined && !this.#parts.api.all().some((each) => each.metadata.uid === uid);
    const why = begun && !forgotten ? whyWrong(before, entry) : undefined;
    this.#check(why === undefined, `the journal on ${uid}: ${why}`);
    // Interruptions count too, but a suspend does not.
    const limit = (this.#limits.get(uid) ?? 0) + 1;
    this.#check((entry?.failures ?? 0) <= limit, `${uid} failed more than ${limit} times`);
  }

  /** The loss of power may have taken what was not synced, or given back what was removed. */
  poweredDown(): void {
    const { disk } = this.#parts;
    this.#entries.clear();
    for (const name of disk.names()) {
      const entry = parse(disk.read(name));
      if (entry !== undefined && name.endsWith('.json')) this.#entries.set(entry.uid, entry);
    }
  }

  #published(
    { metadata: { uid }, status: before }: SimulatedResource,
    status: WorkspaceContentStatus,
  ): void {
    const { phase, attempts = 0 } = status;
    const runs = phase === 'Initializing';
    if (before?.phase === 'Initializing' && !runs) this.#over.set(uid, before.attempts ?? 0);
    const late = runs && attempts <= (this.#over.get(uid) ?? -1);
    this.#check(!late, `attempt ${attempts} of ${uid} is said to run after its end`);
    if (status.phase !== 'Ready') {
      this.#check(!this.#ready.has(uid), `${uid} was Ready and is ${status.phase}`);
      return;
    }
    const entry = parse(this.#parts.disk.readSafe(`${uid}.json`));
    const safe = entry?.state === 'succeeded';
    this.#check(safe, `${uid} is said to be Ready before the journal has it safely`);
    this.#check(this.#made.has(uid), `${uid} is said to be Ready and is not`);
    this.#ready.add(uid);
  }
}

export function parse(text: string | undefined): JournalEntry | undefined {
  try {
    return text === undefined ? undefined : parseEntry(text);
  } catch {
    return undefined;
  }
}

/** What the journal may say after what it said. */
function whyWrong(
  before: JournalEntry | undefined,
  after: JournalEntry | undefined,
): string | undefined {
  if (after === undefined) {
    return before?.attempts ? 'an attempt is forgotten' : undefined;
  }
  if (before === undefined) {
    return after.state === 'claimed' || isFirst(after) ? undefined : `begins with ${after.state}`;
  }
  if (before.state === after.state && before.attempts === after.attempts) return undefined;
  if (before.state === 'succeeded') return `succeeded becomes ${after.state}`;
  if (after.state === 'running') {
    if (before.state === 'running') return 'an attempt follows one that has not ended';
    if (after.attempts !== before.attempts + 1) return 'the attempts are miscounted';
    return whyNotAgain(before);
  }
  if (before.state !== 'running') return `${before.state} becomes ${after.state}`;
  return after.attempts === before.attempts ? undefined : 'an end without a beginning';
}

function isFirst(entry: JournalEntry): boolean {
  return entry.state === 'running' && entry.attempts === 1;
}

function whyNotAgain(before: JournalEntry): string | undefined {
  if (before.state !== 'failed') return undefined;
  const { reason } = before.error;
  const again = reason === 'Cancelled' || isRetried(reason);
  return again ? undefined : `${reason} is permanent and yet tried again`;
}
