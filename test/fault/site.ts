/** A cluster with one node whose daemon is killed again and again, and all that watches it from outside. */
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createDaemonKubeconfig,
  createNodeFolder,
  startCluster,
  startDaemon,
} from '../../scripts/demo/cluster.ts';
import type { Program } from '../../scripts/demo/program.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { Contents } from '../controller/contents.ts';
import { JournalWatch } from './journal-watch.ts';
import { createKinds, type Kind, type Kinds } from './kinds.ts';
import { People } from './people.ts';
import { type Servers, startServers } from './servers.ts';
import { Sightings } from './sightings.ts';
import { watchStatuses } from './status-watch.ts';

/** A resource, and what its people saw of it. */
export interface Subject {
  readonly name: string;
  readonly kind: Kind;
  readonly path: string;
  /** Empty until it is created. */
  uid: string;
  /** The file `.gitpod/ready` was there. */
  finished: boolean;
  /** A status said so. */
  settled: 'Ready' | 'Failed' | undefined;
  /** Requests to the servers when it was Ready. */
  askedWhenReady?: Promise<number>;
  /** Of the daemon, that began while it was unsettled: each may have cost it an attempt. */
  lives: number;
}

export interface Site extends AsyncDisposable {
  readonly cluster: ControlPlane;
  readonly contents: Contents;
  readonly servers: Servers;
  readonly kinds: Kinds;
  readonly people: People;
  readonly sightings: Sightings;
  readonly journal: JournalWatch;
  readonly folder: string;
  /** By name; those that were deleted are not among them. */
  readonly subjects: ReadonlyMap<string, Subject>;
  /** Uids of all that were ever created. */
  readonly uids: () => readonly string[];
  /** A resource of that kind that is watched from now on; its name begins with the kind's. */
  plan(kind: Kind): Subject;
  create(subject: Subject): Promise<void>;
  /** Nothing is expected of it any more. */
  delete(subject: Subject): Promise<void>;
  /** Another life of the daemon. */
  start(flags?: readonly string[]): Program;
}

const nodeName = 'fault';
/** The most that there is: each kill may cost an attempt. */
const backoffLimit = 20;
const pollMs = 2;

export async function startSite(): Promise<Site> {
  await using started = new AsyncDisposableStack();
  const cluster = started.use(await startCluster());
  const servers = started.use(await startServers());
  const kubeconfig = await createDaemonKubeconfig(cluster);
  const folder = await createNodeFolder('wsc-fault-node-');
  started.defer(async () => await folder.remove());
  const journalFolder = join(folder.path, 'state/journal');
  await mkdir(journalFolder, { recursive: true });
  await chmod(join(folder.path, 'state'), 0o711);

  const [subjects, people, sightings] = [new Map<string, Subject>(), new People(), new Sightings()];
  const names = new Map<string, string>();
  const journal = new JournalWatch(journalFolder, sightings, (uid) => names.get(uid));
  started.defer(() => journal.close());
  const statuses = watchStatuses(cluster.kubeconfig, sightings);
  started.defer(async () => await statuses.stop());
  const polling = setInterval(() => {
    for (const { name, path, finished, settled } of subjects.values()) {
      if (finished || settled !== undefined) continue;
      if (existsSync(join(path, '.gitpod/ready'))) sightings.see(name, 'ready file');
    }
  }, pollMs);
  started.defer(() => clearInterval(polling));
  sightings.listen((name, moment) => {
    const subject = subjects.get(name);
    if (subject === undefined || subject.settled !== undefined) return;
    if (moment === 'ready file') {
      subject.finished = true;
      people.hurryInto(subject.path);
    } else if (moment === 'status Ready') {
      subject.settled = 'Ready';
      people.workIn(subject.path, subject.kind.file);
      subject.askedWhenReady = servers.asked(name);
    } else if (moment === 'status Failed') {
      subject.settled = 'Failed';
    }
  });

  const contents = new Contents(cluster.client);
  let made = 0;
  const all = started.move();
  return {
    ...{ cluster, contents, servers, people, sightings, journal, subjects },
    kinds: createKinds(servers, cluster.client),
    folder: folder.path,
    uids: () => [...names.keys()],
    plan(kind) {
      made += 1;
      const name = `${kind.title.replaceAll(' ', '-')}-${made}`;
      const path = join(folder.path, 'data/default', name);
      const subject: Subject = {
        ...{ name, kind, path, uid: '' },
        ...{ finished: false, settled: undefined, lives: 0 },
      };
      subjects.set(name, subject);
      return subject;
    },
    async create(subject) {
      const { name, kind } = subject;
      const spec = { nodeName, backoffLimit, ...(await kind.order(name)) };
      const { metadata } = await contents.create(name, spec);
      subject.uid = String(metadata.uid);
      names.set(subject.uid, name);
    },
    async delete({ name }) {
      subjects.delete(name);
      await contents.delete(name);
    },
    start(flags = []) {
      for (const subject of subjects.values())
        if (subject.settled === undefined) subject.lives += 1;
      const place = { folder: folder.path, kubeconfig, nodeName, metricsAddress: '127.0.0.1:0' };
      return startDaemon(place, ['--storage-config', servers.storageConfig, ...flags]);
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

/** Those that are neither Ready nor Failed, as far as a status has said. */
export function unsettled({ subjects }: Pick<Site, 'subjects'>): Subject[] {
  return [...subjects.values()].filter(({ settled }) => settled === undefined);
}
