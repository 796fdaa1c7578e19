import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import { authorityOf, parseHttpUrl, publicUrl } from '../../src/child/urls.ts';

describe('URLs', () => {
  const good = [
    'https://example.com',
    'http://127.0.0.1:8080/a.git',
    'https://[::1]:8443/x',
    'https://h/a%20b?sig=x%2F#y',
    'https://h:443/x',
    'https://host_name/x@y',
  ];
  for (const text of good) {
    test(`${text} is taken`, () =>
      assert.equal(parseHttpUrl(text, 'url').href, new URL(text).href));
  }

  const bad = [
    ['', 'is missing'],
    ['-u', "may not start with '-'"],
    ['example.com/x', 'must start with http:// or https://'],
    ['git@example.com:a/b.git', 'must start with http:// or https://'],
    ['ftp://h/x', 'must start with http:// or https://'],
    ['file:///etc/passwd', 'must start with http'],
    ['ext::sh -c touch', 'blank'],
    ['https://user@h/x', 'may not hold a user'],
    ['https://user:pass@h/x', 'may not hold a user'],
    ['https://@h/x', 'may not hold a user'],
    ['http:\\\\h/x', 'backslash'],
    ['https://h\\@evil/x', 'backslash'],
    ['https://h/a b', 'blank'],
    [' https://h/', 'blank'],
    ['https://h/\n', 'control character'],
    ['https:h/x', 'must start with'],
    ['https:///h/x', 'plain host'],
    ['HTTPS://h/x', 'must start with'],
    ['https://bücher.example/x', 'plain host'],
    ['https://%65vil/x', 'plain host'],
    ['https://0x7f.1/x', 'plain host'],
    ['https://443/x', 'plain host'],
    ['https://h:99999/x', 'is no URL'],
  ] as const;
  for (const [text, why] of bad) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => parseHttpUrl(text, 'field'),
        (error) => {
          assert.ok(error instanceof ContentError && error.reason === 'InvalidSpec');
          assert.ok(error.message.startsWith('field: '), error.message);
          assert.ok(error.message.includes(why), error.message);
          return true;
        },
      );
    });
  }

  test('that are taken mean the same host to every parser', () => {
    const parts = fc.constantFrom(
      'http',
      's',
      '://',
      ':',
      '/',
      '@',
      '\\',
      'good',
      'evil',
      '.com',
      '#',
      '?',
      '[',
      ']',
      '%40',
      '443',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 10 }), (pieces) => {
        const text = `https://${pieces.join('')}`;
        let url: URL;
        try {
          url = parseHttpUrl(text, 'url');
        } catch (error) {
          assert.ok(error instanceof ContentError);
          return;
        }
        assert.equal(authorityOf(text).replace(/:443$/, ''), url.host);
      }),
      { numRuns: 2000 },
    );
  });

  test('are shown without what may be secret', () => {
    assert.equal(publicUrl(new URL('https://u:p@h:1/a/b?sig=s#f')), 'https://h:1/a/b');
  });
});
