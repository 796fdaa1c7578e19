/** A small part of `make fault`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lacks } from '../support/requirements.ts';
import type { Kind } from './kinds.ts';
import { killAtRandom } from './random-kills.ts';
import { createRandom } from './random.ts';
import { play, rounds } from './rounds.ts';
import { type Site, startSite } from './site.ts';
import { judge } from './verdict.ts';

const transitions = [
  ["the journal's temporary file appears", 'git'],
  ['the ready file appears', 'snapshot'],
  ['running → succeeded', 'download'],
  ['running → failed', 'wrong digest'],
  ['recovery: running → succeeded', 'git'],
  ['SIGTERM alone, at the ready file', 'empty'],
  ['the status says Ready', 'empty'],
] as const;

describe('a daemon that is killed', { skip: lacks('root', 'runc', 'git', 'setpriv') }, () => {
  let site: Site;
  before(async () => {
    site = await startSite();
  });
  after(async () => await site[Symbol.asyncDispose]());

  const kindOf = (title: string): Kind => {
    const kind = [...site.kinds.good, ...site.kinds.failing].find((each) => each.title === title);
    return kind ?? assert.fail(title);
  };

  for (const [title, kind] of transitions) {
    test(`${title}: ${kind}`, async () => {
      const round = rounds.find((each) => each.title === title) ?? assert.fail(title);
      const met = await play(site, round, kindOf(kind), 0);
      // The others can be over before this process gets to see them, on a machine that is very busy.
      if (title === 'the status says Ready') assert.ok(met);
    });
  }

  test('at random moments', async (context) => {
    const seed = Date.now() % 2 ** 32;
    context.diagnostic(`seed ${seed}`);
    const { good, failing, withoutSecret } = site.kinds;
    const mix = [...good, ...failing, withoutSecret];
    const { killed } = await killAtRandom(site, { random: createRandom(seed), kills: 5, mix });
    assert.equal(killed, 5);
  });

  test('and started again has lost nothing, made nothing twice and left nothing behind', async () => {
    for (const { promise, breaches } of await judge(site)) assert.deepEqual(breaches, [], promise);
    assert.ok(site.people.count('status') > 0);
    assert.ok(site.people.count('ready file') > 0);
  });
});
