import type { WorkspaceContentSpec } from '../../../src/api/types.generated.ts';
import { nodeName } from './daemon.ts';
import { pathOf, unknownPolicy } from './expectation.ts';
import type { Invariants } from './invariants.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApi } from './simulated-api.ts';
import type { SimulatedNode } from './simulated-node.ts';

export interface PeopleParts {
  readonly api: SimulatedApi;
  readonly node: SimulatedNode;
  readonly scheduler: Scheduler;
  readonly invariants: Invariants;
}

const keys = ['a/x', 'a/y', 'a/z', 'b/x', 'b/y'];

/** Those who create resources and work in the content. */
export class People {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  act(): void {
    const { api, scheduler } = this.#parts;
    const { chance } = scheduler;
    const key = chance.pick(keys);
    const held = api.get(key);
    if (held === undefined) {
      if (chance.happens(0.15)) this.#writeBefore(`/data/${key}`);
      else this.#create(key);
      return;
    }
    const what = chance.pick([
      'suspend',
      'resume',
      'raise',
      'delete',
      'recreate',
      'mark',
      'garble',
      'mend',
      'work',
      'work',
    ]);
    scheduler.note(`people: ${what} ${held.metadata.uid}`);
    if (what === 'suspend') this.#change(key, { suspend: true });
    if (what === 'resume') this.#change(key, { suspend: false });
    if (what === 'raise') this.#change(key, { backoffLimit: (held.spec.backoffLimit ?? 0) + 1 });
    if (what === 'garble') this.#change(key, { deletionPolicy: unknownPolicy as 'Retain' });
    if (what === 'mend') this.#change(key, { deletionPolicy: 'Retain' });
    if (what === 'mark') api.markDeleted(key, scheduler.now);
    if (what === 'delete' || what === 'recreate') api.delete(key);
    if (what === 'recreate') this.#create(key);
    if (what === 'work') this.#work();
  }

  /** Whoever held up a deletion does so no more. */
  goHome(): void {
    const { api } = this.#parts;
    for (const { metadata } of api.all()) {
      const { namespace, name, deletionTimestamp } = metadata;
      if (deletionTimestamp !== undefined) api.delete(`${namespace}/${name}`);
    }
  }

  #create(key: string): void {
    const { api, scheduler, invariants } = this.#parts;
    const { chance } = scheduler;
    const namespace = key.slice(0, 1);
    const hostPath = chance.pick([
      ...[undefined, undefined, undefined],
      ...[`/data/${namespace}/shared`, `/data/${namespace}/shared/sub`, '/data/elsewhere/x'],
    ]);
    const spec: WorkspaceContentSpec = {
      nodeName,
      initializer: { empty: {} },
      backoffLimit: chance.between(0, 2),
      timeout: chance.pick(['1m', '3m']),
      suspend: chance.happens(0.1),
      existingContent: chance.happens(0.3) ? 'Replace' : 'Refuse',
      ...(hostPath === undefined ? {} : { hostPath }),
    };
    const resource = api.create(key, spec, scheduler.now);
    invariants.seen(resource);
    scheduler.note(`people: create ${resource.metadata.uid} for ${pathOf(resource)}`);
  }

  #change(key: string, changes: Partial<WorkspaceContentSpec>): void {
    const { api, invariants } = this.#parts;
    api.changeSpec(key, changes);
    const changed = api.get(key);
    if (changed !== undefined) invariants.seen(changed);
  }

  /** Whoever waits for the ready file works in the content as soon as it is there. */
  #work(): void {
    const { node, scheduler, invariants } = this.#parts;
    const { chance } = scheduler;
    const made = node.ready().filter(([, { uid }]) => invariants.isMade(uid));
    if (made.length === 0) return;
    const [path] = chance.pick(made);
    scheduler.note(`people: work in ${path}`);
    node.write(path, `work ${chance.between(1, 99)}`, 'user');
  }

  /** Something lies there before the first resource comes. */
  #writeBefore(path: string): void {
    const { node, scheduler } = this.#parts;
    if (node.exists(path)) return;
    scheduler.note(`people: leave something in ${path}`);
    node.write(path, 'left before', 'user');
  }
}
