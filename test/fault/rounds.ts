/** Every transition of a resource on which the daemon is killed, for each kind of resource. */
import { waitFor } from '../support/wait.ts';
import type { Kind, Kinds } from './kinds.ts';
import { live, type LifeOptions, type Strike } from './lives.ts';
import type { Random } from './random.ts';
import { restWeary } from './rest.ts';
import type { Moment } from './sightings.ts';
import type { Site, Subject } from './site.ts';

export interface Round {
  readonly title: string;
  readonly kinds: (kinds: Kinds) => readonly Kind[];
  /** One life of the daemon after the other; the resource is there when the first begins. */
  readonly lives: readonly (readonly Strike[])[];
  /** Another resource holds the only slot when this one comes, and is deleted when it waits. */
  readonly queued?: boolean;
  readonly flags?: readonly string[];
}

const kill = (at: Moment): Strike => ({ at, signal: 'SIGKILL' });
const end = (at: Moment): Strike => ({ at, signal: 'SIGTERM' });

const good = (kinds: Kinds): readonly Kind[] => kinds.good;
const failing = (kinds: Kinds): readonly Kind[] => kinds.failing;
const both = (kinds: Kinds): readonly Kind[] => [...kinds.good, ...kinds.failing];
const late = ({ withoutSecret }: Kinds): readonly Kind[] => [withoutSecret];
const slow = ({ slowAtFirst }: Kinds): readonly Kind[] => [slowAtFirst];

/** From whichever state: when all slots are taken, it is claimed in between. */
const running = '→ running';

export const rounds: readonly Round[] = [
  // First, as its pauses pass while the others go on.
  {
    title: 'a failed attempt → running again, after its pause',
    kinds: slow,
    lives: [[kill('running → failed')], [kill('failed → running')]],
  },
  {
    title: "the journal's temporary file appears",
    kinds: both,
    lives: [[kill('temporary file')]],
  },
  { title: 'none → claimed', kinds: good, lives: [[kill('none → claimed')]], queued: true },
  { title: 'claimed → running', kinds: good, lives: [[kill('claimed → running')]], queued: true },
  { title: 'none → running', kinds: both, lives: [[kill('none → running')]] },
  {
    title: 'the status says Initializing',
    kinds: both,
    lives: [[kill('status Initializing')]],
  },
  { title: 'the ready file appears', kinds: good, lives: [[kill('ready file')]] },
  { title: 'running → succeeded', kinds: good, lives: [[kill('running → succeeded')]] },
  { title: 'the status says Ready', kinds: good, lives: [[kill('status Ready')]] },
  { title: 'running → failed', kinds: failing, lives: [[kill('running → failed')]] },
  { title: 'the status says Failed', kinds: failing, lives: [[kill('status Failed')]] },
  {
    title: 'recovery: running → failed',
    kinds: both,
    lives: [[kill(running)], [kill('running → failed')]],
  },
  {
    title: 'recovery: failed → running',
    kinds: both,
    lives: [[kill(running)], [kill('failed → running')]],
  },
  {
    title: 'recovery: running → succeeded',
    kinds: good,
    lives: [[kill('ready file')], [kill('running → succeeded')]],
  },
  {
    title: 'a missing Secret is told, and after it came: → running',
    kinds: late,
    lives: [[kill('status Pending')], [kill(running)]],
  },
  {
    title: 'a missing Secret is told, and after it came: running → succeeded',
    kinds: late,
    lives: [[kill('status Pending')], [kill('running → succeeded')]],
  },
  { title: 'SIGTERM alone, while it runs', kinds: both, lives: [[end(running)]] },
  { title: 'SIGTERM alone, at the ready file', kinds: good, lives: [[end('ready file')]] },
  {
    title: 'SIGTERM while it runs, and at running → failed',
    kinds: both,
    lives: [[end(running), kill('running → failed')]],
  },
  {
    title: 'draining, at the ready file',
    kinds: good,
    lives: [[end(running), kill('ready file')]],
    flags: ['--drain-timeout', '20'],
  },
  {
    title: 'draining, at running → succeeded',
    kinds: good,
    lives: [[end(running), kill('running → succeeded')]],
    flags: ['--drain-timeout', '20'],
  },
];

/** Plays a round over a new resource; answers whether every strike was made. */
export async function play(
  site: Site,
  round: Round,
  kind: Kind,
  delayMs: number,
  tell: (text: string) => void = () => undefined,
): Promise<boolean> {
  const subject = site.plan(kind);
  const trail: Moment[] = [];
  const stopListening = site.sightings.listen((name, moment) => {
    if (name === subject.name) trail.push(moment);
  });
  const options: LifeOptions = { delayMs, ...(round.flags && { flags: round.flags }) };
  const how = round.queued === true ? playQueued : playThrough;
  const met = await how(site, subject, round, options);
  stopListening();
  if (!met)
    tell(`${round.title}: missed with ${subject.name}, which was seen: ${trail.join(', ')}`);
  return met;
}

async function playThrough(
  site: Site,
  subject: Subject,
  { lives }: Round,
  options: LifeOptions,
): Promise<boolean> {
  const { kind, name } = subject;
  await site.create(subject);
  for (const [index, strikes] of lives.entries()) {
    if (index > 0) await kind.repair?.(name);
    if ((await live(site, subject, strikes, options)) < strikes.length) return false;
  }
  return true;
}

async function playQueued(
  site: Site,
  subject: Subject,
  { lives: [strikes = []] }: Round,
  options: LifeOptions,
): Promise<boolean> {
  const blocker = site.plan(site.kinds.hanging);
  let waits = false;
  const stopListening = site.sightings.listen((name, moment) => {
    if (name === subject.name && moment === '→ claimed') waits = true;
  });
  const made = await live(site, subject, strikes, {
    ...options,
    flags: ['--max-concurrent', '1'],
    meanwhile: async () => {
      await site.create(blocker);
      const limit = { timeoutMs: 60_000 };
      const holds = async (): Promise<boolean> => (await site.servers.asked(blocker.name)) > 0;
      await waitFor('the only slot to be taken', holds, limit);
      await site.create(subject);
      await waitFor('the resource to wait for it', () => waits, limit);
      await site.delete(blocker);
    },
  });
  stopListening();
  return made === strikes.length;
}

/** Milliseconds within which the daemon is killed after the moment; the first time it is at once. */
const spreadMs = 30;

export interface Tally {
  /** By the kind's title: how often the moment was met. */
  readonly hits: Map<string, number>;
  /** Lives that missed it. */
  misses: number;
}

/** Plays each round so often with each kind; one that missed its moment is played again, thrice at most. */
export async function playAll(
  site: Site,
  random: Random,
  times: number,
  tell: (text: string) => void,
): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const round of rounds) {
    const tally: Tally = { hits: new Map(), misses: 0 };
    tallies.set(round.title, tally);
    for (const kind of round.kinds(site.kinds)) {
      const most = times + 3;
      for (let tried = 0; tried < most && (tally.hits.get(kind.title) ?? 0) < times; tried += 1) {
        const delayMs = tried === 0 ? 0 : random.below(spreadMs);
        await restWeary(site);
        const met = await play(site, round, kind, delayMs, tell);
        if (met) tally.hits.set(kind.title, (tally.hits.get(kind.title) ?? 0) + 1);
        else tally.misses += 1;
      }
    }
    const met = [...tally.hits].map(([title, count]) => `${title} ${count}`).join(', ');
    tell(`${round.title}: ${met || 'never'}; missed ${tally.misses}`);
  }
  return tallies;
}
