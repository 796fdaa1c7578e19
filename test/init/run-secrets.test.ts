/** A child that says every secret it was given, in every way: none of them comes out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContentProgress } from '../../src/api/protocol.ts';
import { ContentError } from '../../src/api/errors.ts';
import { filesContaining } from '../support/leftovers.ts';
import { createSandboxHarness, type SandboxHarness } from './support/sandbox-harness.ts';

const password = 'pä ss%20wörd"\'';
const signedUrl =
  'https://store.example/bucket/full.tar?X-Expires=60&X-Signature=abcdef0123456789%2Babc';
const proxyPassword = 'proxy-password';
const storeProxyPassword = 'store-proxy-secret';
const traces = /wörd|w%C3%B6rd|w\\u00f6rd|abcdef0123456789|proxy-password|store-proxy-secret/i;

const tell = `
import fs from 'node:fs';
const input = fs.readFileSync(0, 'utf8');
const request = JSON.parse(input);
const initializer = Buffer.from(request.initializer, 'base64').toString();
const { url, proxy } = request.remoteContent.snapshot;
const everything = [input, initializer, url, encodeURIComponent(initializer), JSON.stringify(initializer),
  JSON.stringify([JSON.stringify(initializer)]), Buffer.from('user:' + initializer).toString('base64'), process.env.http_proxy, proxy];
console.log(everything.join(' ')); console.error(everything.join(' '));
for (const each of everything) {
  console.log(each); console.error(each);
  fs.writeSync(5, JSON.stringify({ step: each.slice(0, 200), phase: each.slice(0, 60) }) + '\\n');
}
`;

async function createTalkingHarness(ending: string): Promise<SandboxHarness> {
  const harness = await createSandboxHarness({
    variables: { PATH: process.env['PATH'], http_proxy: `http://me:${proxyPassword}@127.0.0.1:1` },
  });
  await harness.child(tell + ending);
  return harness;
}

const request = {
  initializer: new TextEncoder().encode(password),
  secrets: [password],
  remoteContent: {
    snapshot: { url: signedUrl, proxy: `http://me:${storeProxyPassword}@127.0.0.1:1` },
  },
};

const endings: readonly (readonly [string, string])[] = [
  [
    'in a report',
    "fs.writeSync(4, JSON.stringify({ source: 'from-other', metrics: [{ path: initializer, type: 'git', duration: 1, size: 1 }], warnings: everything }));",
  ],
  [
    'in an error',
    "fs.writeSync(3, JSON.stringify({ reason: 'GitFailed', message: everything.join(' '), step: initializer })); process.exit(42);",
  ],
  ['in an error in plain text', "fs.writeSync(3, everything.join(' ')); process.exit(42);"],
  [
    'in an error that is cut off',
    "fs.writeSync(3, 'x'.repeat(65526) + initializer); process.exit(42);",
  ],
  ['in the words of a crash', "throw new Error(everything.join(' '));"],
];
for (const [name, ending] of endings) {
  test(`no secret comes out ${name}`, async () => {
    await using harness = await createTalkingHarness(ending);
    const progress: ContentProgress[] = [];
    const outcome = await harness
      .run(request, { onProgress: (each) => progress.push(each) })
      .catch((error: unknown) => {
        assert.ok(error instanceof ContentError);
        return {
          reason: error.reason,
          message: error.message,
          step: error.step,
          stack: error.stack,
        };
      });
    const said = JSON.stringify({ outcome, progress, log: harness.log });
    assert.match(said, /\[redacted\]/);
    // Not doesNotMatch, which would print all of it.
    assert.equal(traces.exec(said)?.[0], undefined);
    const encoded = said.match(/[A-Za-z0-9+/_-]{8,}/g) ?? [];
    for (const piece of encoded)
      assert.ok(!traces.test(Buffer.from(piece, 'base64').toString()), piece);
    for (const marker of ['wörd', 'abcdef0123456789', proxyPassword, storeProxyPassword]) {
      assert.deepEqual(await filesContaining(harness.environment.stateDir, marker), []);
    }
  });
}
