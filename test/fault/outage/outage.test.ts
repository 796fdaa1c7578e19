/** A small part of `make outage`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacks } from '../../support/requirements.ts';
import { outlast } from './outage.ts';

test(
  'an API server that is away for some seconds costs a daemon nothing',
  { skip: lacks('root', 'runc', 'git', 'setpriv') },
  async () => {
    for (const { what, found, held } of await outlast(6000, () => undefined)) {
      assert.ok(held, `${what}: ${found}`);
    }
  },
);
