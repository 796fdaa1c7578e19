import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedactor, urlPasswords, urlSecrets } from '../../src/api/redact.ts';

const password = 'pä ss%wörd/"+\'?&=~';

const encodings: readonly (readonly [string, (secret: string) => string])[] = [
  ['as it is', (secret) => secret],
  ['in a URL', encodeURIComponent],
  [
    'in a URL, with lower case hex',
    (secret) => encodeURIComponent(secret).replaceAll(/%../g, (hex) => hex.toLowerCase()),
  ],
  ['in a URL, as loosely as encodeURI has it', encodeURI],
  ['in a form', (secret) => new URLSearchParams({ secret }).toString().slice('secret='.length)],
  ['in JSON', (secret) => JSON.stringify(secret).slice(1, -1)],
  [
    'in JSON of plain ASCII',
    (secret) =>
      JSON.stringify(secret).slice(1, -1).replaceAll('ä', '\\u00e4').replaceAll('ö', '\\u00f6'),
  ],
  ['in Latin-1', (secret) => Buffer.from(secret).toString('latin1')],
  ['in base64', (secret) => Buffer.from(secret).toString('base64').replace(/=+$/, '')],
  ['in base64url', (secret) => Buffer.from(secret).toString('base64url')],
];

for (const [name, encode] of encodings) {
  test(`a secret is redacted ${name}`, () => {
    const { redact } = createRedactor([password]);
    const text = redact(`before <${encode(password)}> after`);
    assert.match(text, /^before <.*\[redacted\].{0,2}> after$/);
    assert.ok(!text.includes(encode(password)));
  });
}

test('a password is redacted in the base64 of user and password, whatever the length of the user', () => {
  const { redact } = createRedactor(['long-enough-password']);
  for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
    const header = Buffer.from(`${user}:long-enough-password`).toString('base64');
    const text = redact(`authorization: Basic ${header}`);
    assert.match(text, /redacted/);
    assert.doesNotMatch(Buffer.from(text.split(' ')[2] ?? '', 'base64').toString(), /enough/);
  }
});

test('no secret survives in any text around it', () => {
  fc.assert(
    fc.property(
      fc
        .string({ minLength: 4, unit: 'grapheme' })
        .filter((secret) => secret.trim() !== '' && !'[redacted]'.includes(secret)),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      (secret, before, after) => {
        const text = createRedactor([secret]).redact(`${before}${secret}${after}`);
        assert.ok(!text.replaceAll('[redacted]', '\n\n\n').includes(secret));
      },
    ),
  );
});

test('a secret with control characters is redacted after they were made blanks, too', () => {
  const { redact } = createRedactor(['pass\u0000\tword\u0007ü']);
  for (const text of ['pass word ü', 'pass word Ã¼']) {
    assert.equal(redact(`denied: ${text}.`), 'denied: [redacted].');
  }
});

test('each line of a secret of several lines is redacted', () => {
  const { redact } = createRedactor(['-----BEGIN-----\nfirst-line-of-it\nsecond-line-of-it\n']);
  assert.equal(
    redact('got second-line-of-it, then first-line-of-it'),
    'got [redacted], then [redacted]',
  );
});

test('the longer of two secrets that overlap is redacted as a whole', () => {
  const { redact } = createRedactor(['pass', 'password']);
  assert.equal(redact('the password passes'), 'the [redacted] [redacted]es');
});

test('a very short secret is redacted only where it stands by itself', () => {
  const { redact } = createRedactor(['a']);
  assert.equal(redact("can't access 'a'"), "can't access '[redacted]'");
});

test('empty and blank secrets change nothing', () => {
  assert.equal(createRedactor(['', ' ']).redact('a text with blanks'), 'a text with blanks');
});

test('credentials in any URL are redacted, known or not', () => {
  const { redact } = createRedactor([]);
  const cases = [
    ['https://user:pass@host/path', 'https://[redacted]@host/path'],
    ['ssh://git@host', 'ssh://[redacted]@host'],
    ['http://user:p@ss@host/a@b', 'http://[redacted]@host/a@b'],
    ['https://host/a@b', 'https://host/a@b'],
    ['mail to me@host', 'mail to me@host'],
  ];
  for (const [text = '', expected] of cases) assert.equal(redact(text), expected);
});

test('of a text that was cut off, the beginning of a secret at the end goes too', () => {
  const { redactCut } = createRedactor(['password-of-somebody']);
  assert.equal(redactCut('denied for password-of-so'), 'denied for ');
  assert.equal(redactCut('nothing of it here'), 'nothing of it here');
});

test('a long hostile text is redacted in no time', () => {
  const { redact } = createRedactor([password, 'aaaaaaaab']);
  const started = performance.now();
  for (const piece of ['a.', 'a://', 'http://a', '@', 'http://a@', 'aaaaaaaa', '%'])
    redact(piece.repeat(65_536 / piece.length));
  assert.ok(performance.now() - started < 2000);
});

test('the secrets of a signed URL are all of it, its query and the signature by itself', () => {
  const url = 'https://store/full.tar?X-Date=1&X-Signature=0123456789abcdef%2F';
  assert.deepEqual(urlSecrets(url), [
    url,
    'X-Date=1&X-Signature=0123456789abcdef%2F',
    '0123456789abcdef/',
  ]);
  assert.deepEqual(urlSecrets('no url'), ['no url']);
});

test('the password of a proxy is found as it stands and as it is meant', () => {
  assert.deepEqual(urlPasswords('http://me:p%20w@proxy:3128'), ['p%20w', 'p w']);
  assert.deepEqual(urlPasswords('http://proxy:3128'), []);
  assert.deepEqual(urlPasswords('proxy:3128'), []);
});
