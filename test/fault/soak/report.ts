/** The table of `make soak`: the first tenth of the waves beside the last. Pure. */
import { grid } from '../../bench/report.ts';
import { isListening, mostStatusWrites } from './audit.ts';
import { type SoakResult, tenthOf, type Wave } from './waves.ts';

export interface Line {
  readonly what: string;
  readonly first: string;
  readonly last: string;
  readonly bound: string;
  readonly held: boolean;
}

/** The most that the daemon's memory may grow between the first tenth and the last. */
const growth = 1.15;
/** Connections come and go. */
const moreDescriptors = 4;
/** Claimed, started, ended. */
const statusWrites = 3;

type Figure = Exclude<keyof Wave, 'residentBytes'>;

/** Without `memory` it is not looked at: a few waves say nothing about it. */
export function judgeSoak(result: SoakResult, { memory }: { memory: boolean }): Line[] {
  const { waves, requests, idleRequests, surprises } = result;
  const tenth = tenthOf(waves.length);
  const [first, last] = [waves.slice(0, tenth), waves.slice(-tenth)];
  const flat = (what: string, figure: Figure, more = 0): Line => {
    const [from, to] = [most(first, figure), most(last, figure)];
    const bound = more === 0 ? 'no more' : `${more} more`;
    return { what, first: String(from), last: String(to), bound, held: to <= from + more };
  };
  const [early, late] = [mean(first), mean(last)];
  const writes = mostStatusWrites(requests);
  const strangers = idleRequests.filter((request) => !isListening(request));
  return [
    ...(memory
      ? [
          {
            what: 'resident memory of the idle daemon',
            first: megabytes(early),
            last: megabytes(late),
            bound: `${growth} times`,
            held: late <= early * growth,
          },
        ]
      : []),
    flat('file descriptors', 'fileDescriptors', moreDescriptors),
    flat('processes beside the daemon', 'processes'),
    flat('mounts', 'mounts'),
    flat('cgroups', 'cgroups'),
    flat('bundles, containers and temporary files', 'stateFiles'),
    flat('requests for a resource, events included', 'requestsEach', 0.5),
    {
      what: 'status writes of a resource, at most',
      first: '',
      last: String(writes),
      bound: String(statusWrites),
      held: writes > 0 && writes <= statusWrites,
    },
    {
      what: 'requests of the settled daemon beyond list and watch',
      first: '',
      last: String(strangers.length),
      bound: 'none',
      held: strangers.length === 0,
    },
    {
      what: 'resources that came to something else than they should',
      first: '',
      last: String(surprises.length),
      bound: 'none',
      held: surprises.length === 0,
    },
  ];
}

export function describeSoak(lines: readonly Line[]): string {
  return grid([
    ['what', 'first tenth', 'last tenth', 'bound', ''],
    ...lines.map(({ what, first, last, bound, held }) => [
      ...[what, first, last, bound],
      held ? 'held' : 'broken',
    ]),
  ]);
}

function most(waves: readonly Wave[], figure: Figure): number {
  return Math.max(...waves.map((wave) => wave[figure]));
}

function mean(waves: readonly Wave[]): number {
  return waves.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / waves.length;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
