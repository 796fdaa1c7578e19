/** What the promise came to once all is over. */
import { readdir } from 'node:fs/promises';
import type { Content } from '../controller/contents.ts';
import { waitFor } from '../support/wait.ts';
import { findLeftovers } from './leftovers.ts';
import { endedWithin } from './lives.ts';
import type { Site, Subject } from './site.ts';

export interface Verdict {
  readonly promise: string;
  /** What was looked at, such as `300 files`. */
  readonly seen: string;
  /** Each breach in words. */
  readonly breaches: readonly string[];
}

const patienceMs = 180_000;

/** Lets a last life bring everything to its end, ends that life, and looks at what is there. */
export async function judge(site: Site): Promise<Verdict[]> {
  const { people, journal, folder, kinds } = site;
  // One that is new shows that this life has done more than start.
  for (const kind of kinds.good.slice(0, 1)) await site.create(site.plan(kind));
  const subjects = [...site.subjects.values()];
  for (const { kind, name } of subjects) await kind.repair?.(name);
  const program = site.start();
  let unmet: string[] = [];
  const done = async (): Promise<boolean> => {
    unmet = await findUnmet(site, subjects);
    return unmet.length === 0 || !program.running;
  };
  await waitFor('all to be settled', done, { timeoutMs: patienceMs, intervalMs: 200 }).catch(
    () => undefined,
  );
  // Those who wait for a status have to have seen it, too.
  const seen = (): boolean => subjects.every(({ settled }) => settled !== undefined);
  await waitFor('all to be seen', seen, { timeoutMs: 10_000 }).catch(() => undefined);
  program.signal('SIGTERM');
  await endedWithin(program, 30_000);
  journal.lookAtAll();
  return [
    {
      promise: 'no file is lost that people wrote or edited once the status said Ready',
      seen: `${people.count('status')} files`,
      breaches: people.findLosses('status'),
    },
    {
      promise: 'no file is lost that they wrote as soon as the ready file was there',
      seen: `${people.count('ready file')} files`,
      breaches: people.findLosses('ready file'),
    },
    {
      promise: 'no content is made again once it was finished',
      seen: `${subjects.filter(({ settled }) => settled === 'Ready').length} resources`,
      breaches: [...journal.breaches, ...(await findAskedAgain(site, subjects))],
    },
    {
      promise: 'every resource is Ready or Failed, as it should be',
      seen: `${subjects.length} resources`,
      breaches: unmet,
    },
    {
      promise: 'what failed for good leaves nothing in its directory',
      seen: `${subjects.filter(({ settled }) => settled === 'Failed').length} resources`,
      breaches: await findRemains(subjects),
    },
    {
      promise: 'no process, mount, cgroup, container, bundle or temporary file is left',
      seen: `${site.uids().length} resources`,
      breaches: await findLeftovers(folder, site.uids()),
    },
  ];
}

async function findUnmet({ cluster }: Site, subjects: readonly Subject[]): Promise<string[]> {
  const path = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';
  const found = await cluster.client.list<Content>(path);
  const statuses = new Map(found.map(({ metadata, status }) => [metadata.name, status]));
  return subjects.flatMap(({ name, kind, lives }) => {
    const wanted = `${kind.outcome === 'InitializationSuccess' ? 'Ready' : 'Failed'} ${kind.outcome}`;
    const status = statuses.get(name);
    const is = reasonOf(status);
    if (is === wanted) return [];
    return [
      `${name} is ${is} instead of ${wanted}, after ${status?.attempts} attempts in ${lives} lives`,
    ];
  });
}

function reasonOf(status: Content['status']): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${status?.phase} ${ready?.reason}`;
}

async function findAskedAgain(site: Site, subjects: readonly Subject[]): Promise<string[]> {
  const again: string[] = [];
  for (const { name, askedWhenReady } of subjects) {
    if (askedWhenReady === undefined) continue;
    const [before, now] = [await askedWhenReady, await site.servers.asked(name)];
    if (now !== before) again.push(`${name}: ${now - before} requests after it was Ready`);
  }
  return again;
}

async function findRemains(subjects: readonly Subject[]): Promise<string[]> {
  const remains: string[] = [];
  for (const { path, settled } of subjects) {
    if (settled !== 'Failed') continue;
    const names = await readdir(path).catch(() => []);
    if (names.length > 0) remains.push(`${path} holds ${names.join(', ')}`);
  }
  return remains;
}
