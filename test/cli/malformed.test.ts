import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { validate } from './support/manifest.ts';

describe('wscontent validate says what is malformed, and where, but not what it holds', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'a tab',
      'a:\n\tb: hunter2',
      /^wscontent: standard input:2:1: malformed YAML: indentation is made of spaces/,
    ],
    [
      'an open quote',
      'a: "hunter2',
      /^wscontent: standard input:1:\d+: malformed YAML: missing closing "quote/,
    ],
    ['a colon', 'a: b: hunter2', /:1:4: malformed YAML: there is a second ': ' in the line/],
    ['an alias', 'a: *hunter2', /:1:4: malformed YAML: '\*' refers to an anchor that is not set/],
    ['a type', 'a: !hunter2 b', /:1:4: malformed YAML: '!' starts a type that is not known/],
    ['a reserved character', 'a: @hunter2', /:1:4: malformed YAML: a value may not start with @/],
    ['an escape', 'a: "hun\\ter2\\q"', /:1:\d+: malformed YAML: there is no such escape sequence/],
    [
      'a field set twice',
      'a: 1\na: hunter2',
      /:2:1: malformed YAML: this field is set a second time/,
    ],
    ['an open list', 'a: [hunter2', /:1:\d+: malformed YAML: /],
    ['nothing at all', '', /^wscontent: standard input: holds no WorkspaceContent$/m],
    ['a list', '- a', /^wscontent: standard input:1:1: must be an object with apiVersion/],
    [
      'no kind',
      'apiVersion: v1',
      /^wscontent: standard input:1:1: kind: is missing; it should be WorkspaceContent$/m,
    ],
    ['a mistyped kind', 'kind: WorkspaceContents', /:1:1: kind: must be WorkspaceContent$/m],
    [
      'another version',
      'apiVersion: v1\nkind: WorkspaceContent',
      /:1:1: apiVersion: must be workspacecontent\.dev\/v1alpha1$/m,
    ],
    [
      'other kinds only',
      'apiVersion: v1\nkind: Pod',
      /^wscontent: standard input: holds no WorkspaceContent$/m,
    ],
    [
      'a Secret that is not base64',
      'kind: Secret\nmetadata: {name: s}\ndata: {a: "hunter2!"}',
      /:3:8: data\.a: must be base64 text$/m,
    ],
    ['too deep a nesting', '['.repeat(100_000), /malformed YAML/],
    ['aliases that unfold without end', laughs(), /malformed YAML: .*aliases unfold to too much$/m],
    [
      'too large a text',
      'a'.repeat(5 * 1024 * 1024),
      /^wscontent: standard input: is larger than 4194304 bytes$/m,
    ],
  ];
  for (const [name, text, message] of cases) {
    test(name, async () => {
      const { exitCode, stdout, stderr } = await validate(text);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /hunter2/);
    });
  }
});

function laughs(): string {
  const lines = ['a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]'];
  for (let n = 1; n < 9; n += 1) lines.push(`a${n}: &a${n} [${`*a${n - 1}, `.repeat(9)}]`);
  return lines.join('\n');
}
