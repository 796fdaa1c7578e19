import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseResource } from '../../src/api/resource.ts';
import { findElder } from '../../src/controller/elder.ts';
import type { Located } from '../../src/controller/engine.ts';
import { Store } from '../../src/controller/store.ts';
import { sampleObject } from './samples.ts';

const destinationOf = ({ namespace, name, spec }: Located): string => {
  const path = spec.hostPath ?? `/data/${namespace}/${name}`;
  if (path.includes('..')) throw new Error('not allowed');
  return path;
};

const isForgotten = ({ identity }: { identity: { name: string } }): boolean =>
  identity.name.startsWith('forgotten');

interface Sketch {
  readonly name: string;
  readonly hostPath?: string;
  /** Seconds. */
  readonly created: number;
}

const toObject = ({ name, hostPath, created }: Sketch): object =>
  sampleObject(hostPath === undefined ? {} : { hostPath }, {
    name,
    uid: `uid-${name}`,
    creationTimestamp: new Date(created * 1000).toISOString().replace('.000', ''),
  });

/** The name of the one that comes before the first. */
function elderOf(first: Sketch, ...others: Sketch[]): string | undefined {
  const store = new Store();
  store.replace([first, ...others].map(toObject));
  const resource = parseResource(toObject(first));
  const stored = [...store.keys()].flatMap((key) => store.get(key) ?? []);
  return findElder(resource, destinationOf(resource), stored, { destinationOf }, isForgotten)?.name;
}

const path = '/data/default/x';
const cases: [string, string | undefined, string | undefined][] = [
  ['nobody else', undefined, elderOf({ name: 'a', hostPath: path, created: 1 })],
  [
    'an older one of the same path',
    'b',
    elderOf({ name: 'a', hostPath: path, created: 2 }, { name: 'b', hostPath: path, created: 1 }),
  ],
  [
    'a younger one',
    undefined,
    elderOf({ name: 'a', hostPath: path, created: 1 }, { name: 'b', hostPath: path, created: 2 }),
  ],
  [
    'an older one above',
    'b',
    elderOf(
      { name: 'a', hostPath: `${path}/y`, created: 2 },
      { name: 'b', hostPath: path, created: 1 },
    ),
  ],
  [
    'an older one whose default it is',
    'x',
    elderOf({ name: 'a', hostPath: path, created: 2 }, { name: 'x', created: 1 }),
  ],
  [
    'an older one beside it',
    undefined,
    elderOf(
      { name: 'a', hostPath: `${path}y`, created: 2 },
      { name: 'b', hostPath: path, created: 1 },
    ),
  ],
  [
    'an older one that may not have its path',
    undefined,
    elderOf(
      { name: 'a', hostPath: path, created: 2 },
      { name: 'b', hostPath: `${path}/../x`, created: 1 },
    ),
  ],
  [
    'the uid decides between two of one second',
    'a',
    elderOf({ name: 'b', hostPath: path, created: 1 }, { name: 'a', hostPath: path, created: 1 }),
  ],
  [
    'a younger one of which nobody knows what it holds',
    'forgotten',
    elderOf(
      { name: 'a', hostPath: path, created: 1 },
      { name: 'forgotten', hostPath: path, created: 2 },
    ),
  ],
  [
    'the oldest of several',
    'c',
    elderOf(
      { name: 'a', hostPath: path, created: 9 },
      { name: 'b', hostPath: path, created: 5 },
      { name: 'c', hostPath: path, created: 2 },
      { name: 'd', hostPath: path, created: 4 },
    ),
  ],
];

for (const [what, expected, found] of cases) {
  test(`who comes first: ${what}`, () => assert.equal(found, expected));
}

test('of any that share a path exactly one has no elder', () => {
  const sketches = fc.uniqueArray(fc.record({ name: fc.string(), created: fc.nat(3) }), {
    selector: ({ name }) => name,
    minLength: 1,
  });
  fc.assert(
    fc.property(sketches, (some) => {
      const all = some.map((each, index) => ({ ...each, name: `n${index}`, hostPath: path }));
      const free = all.filter(
        (one) => elderOf(one, ...all.filter((each) => each !== one)) === undefined,
      );
      assert.equal(free.length, 1);
    }),
  );
});
