import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCatalogue } from '../../src/api/error-catalogue.ts';
import { ContentError, explain, isErrorReason } from '../../src/api/errors.ts';

test('each reason is CamelCase and tells what it means and what to do', () => {
  for (const [reason, { means, remedy }] of Object.entries(errorCatalogue)) {
    assert.match(reason, /^([A-Z][a-z]+)+$/);
    assert.match(means, /^[A-Z].*\.$/, reason);
    assert.match(remedy, /^[A-Z].*\.$/, reason);
  }
});

test('an explanation is what happened and then the remedy, as sentences', () => {
  const { remedy } = errorCatalogue.DigestMismatch;
  const table: [message: string, text: string][] = [
    ['the digest of a is b', `the digest of a is b. ${remedy}`],
    ['It ended.', `It ended. ${remedy}`],
    ['100%20 %s', `100%20 %s. ${remedy}`],
    ['  ', `${errorCatalogue.DigestMismatch.means} ${remedy}`],
  ];
  for (const [message, text] of table) {
    assert.equal(explain(new ContentError('DigestMismatch', message)), text);
  }
});

test('only words of the catalogue are reasons', () => {
  assert.equal(isErrorReason('InvalidSpec'), true);
  for (const word of ['toString', '__proto__', 'invalidspec', '', 7, null]) {
    assert.equal(isErrorReason(word), false);
  }
});
