import assert from 'node:assert/strict';
import type { mountDisks } from './disk-mount.ts';
import { Chance } from './chance.ts';
import { Daemon, type DaemonParts } from './daemon.ts';
import { expectedOf, standingOf } from './expectation.ts';
import { Faults } from './faults.ts';
import { Invariants, parse } from './invariants.ts';
import { People } from './people.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedApi } from './simulated-api.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNode } from './simulated-node.ts';

/** Longer than any pause after the last fault, shorter than the time to the next complete list. */
const calmMs = 9 * 60_000;

/** Long enough for two complete lists: after one the remains of what is gone are removed, which others waited for. */
const echoMs = 32 * 60_000;

/** Longer than the longest pause between writes of a status. */
const toldMs = 40_000;

/** In which nothing may be written any more. */
const restMs = 3 * 60_000;

export type Disks = ReturnType<typeof mountDisks>['disks'];

/**
 * One interleaving, all of it decided by the seed: people create, change and delete resources and
 * work in their content, while requests, disk and daemon fail; then it gets calm, and everything has
 * to come to where the small model says. Throws an error that tells what happened before.
 */
export async function playRound(seed: number, disks: Disks): Promise<void> {
  const round = new Round(seed, disks);
  const { stackTraceLimit } = Error;
  // Errors are made by the thousand here, and nobody reads where.
  Error.stackTraceLimit = 0;
  try {
    await round.play();
  } catch (error) {
    const trace = round.trace().slice(process.env['WSC_TRACE'] === undefined ? -60 : 0);
    const why = error instanceof Error ? error.message : String(error);
    const replay = `WSC_SEED=${seed} WSC_ROUNDS=1 node test/controller/model/main.ts`;
    throw new Error(`${trace.join('\n')}\n\n${why}\n\nseed ${seed}; to see it again: ${replay}`, {
      cause: error,
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

class Round {
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #disk: SimulatedDisk;
  readonly #disks: Disks;
  readonly #parts: DaemonParts;
  readonly #people: People;
  #lives = 0;
  #daemon: Daemon;

  constructor(seed: number, disks: Disks) {
    this.#chance = new Chance(seed);
    this.#disks = disks;
    const scheduler = new Scheduler(this.#chance);
    const faults = new Faults(this.#chance);
    const api = new SimulatedApi();
    const node = new SimulatedNode();
    this.#scheduler = scheduler;
    this.#disk = new SimulatedDisk(scheduler, (what) => {
      if (!faults.disk()) return undefined;
      scheduler.note(`fault: disk ${what}`);
      return Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    });
    const maxConcurrent = this.#chance.between(1, 3);
    const invariants = new Invariants({ api, node, scheduler, maxConcurrent, disk: this.#disk });
    this.#parts = { api, node, scheduler, faults, invariants, maxConcurrent };
    this.#people = new People({ api, node, scheduler, invariants });
    this.#daemon = this.#start();
  }

  trace(): readonly string[] {
    return this.#scheduler.trace();
  }

  async play(): Promise<void> {
    const { scheduler, faults } = this.#parts;
    let left = this.#chance.between(5, 40);
    await this.#run(
      () => left === 0,
      () => {
        if (!this.#chance.happens(0.06)) return;
        left -= 1;
        if (this.#chance.happens(0.12)) this.#endDaemon();
        else this.#people.act();
      },
    );
    faults.end();
    scheduler.mayStall = false;
    this.#people.goHome();
    scheduler.note('from now on it is calm');
    await this.#settles();
    await this.#rests();
    this.#disks.clear();
    scheduler.end(this.#daemon.life);
  }

  #start(): Daemon {
    const life = { id: (this.#lives += 1), alive: true };
    this.#scheduler.note(`life ${life.id} begins`);
    this.#disks.set(life.id, this.#disk.filesFor(life));
    return new Daemon(this.#parts, life);
  }

  #endDaemon(): void {
    const { node, invariants, scheduler } = this.#parts;
    const how = this.#chance.pick(['stopped', 'killed', 'killed', 'without power']);
    scheduler.note(`the daemon is ${how}`);
    if (how === 'stopped') return this.#daemon.stop();
    scheduler.end(this.#daemon.life);
    if (how === 'without power') {
      for (const { ended } of node.containers) ended.abort();
      node.containers.clear();
      this.#disk.losePower();
      invariants.poweredDown();
    }
    this.#daemon = this.#start();
  }

  async #run(done: () => boolean, between?: () => void): Promise<boolean> {
    const { invariants } = this.#parts;
    return await this.#scheduler.run(() => {
      if (invariants.breach !== undefined) throw invariants.breach;
      if (this.#daemon.failure !== undefined) throw this.#daemon.failure as Error;
      if (this.#daemon.ended) {
        this.#scheduler.end(this.#daemon.life);
        this.#daemon = this.#start();
      }
      return done();
    }, between);
  }

  async #settles(): Promise<void> {
    const { node } = this.#parts;
    const since = this.#scheduler.now;
    const until = since + calmMs;
    const settled = (): boolean => node.containers.size === 0 && this.#differences() === '';
    await this.#run(() => {
      assert.equal(this.#unsaid(since), '', 'it runs and nothing says so');
      return this.#scheduler.now > until || (this.#scheduler.idle && settled());
    });
    assert.equal(this.#differences(), '', 'not everything came to where it has to');
    const running = [...node.containers].map(({ uid }) => uid).join();
    assert.equal(running, '', 'something still runs');
    assert.equal(node.locked().join(), '', 'a directory stays locked');
  }

  async #rests(): Promise<void> {
    const { api } = this.#parts;
    // What was tried again because an answer was lost comes to its end first, and what a list sets off.
    const echoed = this.#scheduler.now + echoMs;
    await this.#run(() => this.#scheduler.now > echoed);
    const [versions, idleWrites] = [api.version, api.idleWrites];
    const until = this.#scheduler.now + restMs;
    await this.#run(() => this.#scheduler.now > until);
    assert.equal(api.idleWrites, idleWrites, 'a status is written again as it was');
    // A complete list makes the daemon look again, and of two obstacles it may see either, or both.
    const blocked = this.#expectations().filter(({ expected }) => expected.join().includes('Path'));
    assert.ok(
      api.version - versions <= 2 * blocked.length,
      'a status changes although nothing happens',
    );
    assert.equal(this.#differences(), '', 'it did not stay where it had come to');
  }

  /** Attempts that have gone on for a while, the weather being calm since then, and are not said to. */
  #unsaid(since: number): string {
    const { api, node, scheduler } = this.#parts;
    return [...node.containers]
      .filter((container) => scheduler.now - Math.max(container.since, since) > toldMs)
      .filter(({ uid, attempt }) => {
        const resource = api.all().find(({ metadata }) => metadata.uid === uid);
        const { phase, attempts } = resource?.status ?? {};
        return resource !== undefined && !(phase === 'Initializing' && attempts === attempt);
      })
      .map(({ uid, attempt }) => `${uid} #${attempt}`)
      .join();
  }

  /** How resources stand against how they should, where that differs. */
  #differences(): string {
    return this.#expectations()
      .flatMap(({ resource, entry, expected }) => {
        const { uid, generation } = resource.metadata;
        const { attempts = 0, observedGeneration } = resource.status ?? {};
        const stands = standingOf(resource);
        const counted = attempts === (entry?.attempts ?? 0);
        if (expected.includes(stands) && counted && observedGeneration === generation) return [];
        return [
          `${uid}: ${stands} after ${attempts}, generation ${observedGeneration}`,
          `  expected ${expected.join(' or ')}, generation ${generation}`,
          `  journal ${entry?.state} after ${entry?.attempts}`,
        ];
      })
      .join('\n');
  }

  #expectations() {
    const { api, invariants } = this.#parts;
    const others = api.all();
    const entryOf = (uid: string) => parse(this.#disk.read(`${uid}.json`));
    return others.map((resource) => {
      const entry = entryOf(resource.metadata.uid);
      const expected = expectedOf({ resource, others, entry, entryOf, invariants });
      return { resource, entry, expected };
    });
  }
}
