import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideSecrets, secretValues } from '../../src/api/secrets.ts';
import type { InitializerMessage } from '../../src/api/initializer.ts';

const message = (): InitializerMessage => ({
  composite: {
    initializer: [
      {
        git: {
          remoteUri: 'https://h/r.git?token=one',
          upstreamRemoteUri: 'https://h/u.git?two',
          config: { authUser: 'me', authPassword: 'three', authOts: 'https://h/four' },
        },
      },
      { prebuild: { git: [{ remoteUri: 'https://h/p.git?five', config: {} }] } },
      { download: { files: [{ url: 'https://h/f?six', filePath: 'f', digest: 'sha256:0' }] } },
      { git: { remoteUri: 'https://h/r.git', config: {} } },
    ],
  },
});

test('credentials and the queries of all URLs are secrets, each once', () => {
  assert.deepEqual(
    [...secretValues(message())].sort(),
    ['five', 'https://h/four', 'six', 'three', 'token=one', 'two'].sort(),
  );
});

test('hidden, none of them is left, and the rest is', () => {
  const shown = message();
  hideSecrets(shown);
  const text = JSON.stringify(shown);
  for (const secret of secretValues(message())) assert.ok(!text.includes(secret), secret);
  for (const rest of ['https://h/r.git?[redacted]', '"me"', 'https://h/r.git"']) {
    assert.ok(text.includes(rest), rest);
  }
});
