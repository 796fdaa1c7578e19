import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findImports } from '../../scripts/lint/imports.ts';
import { importProblem } from '../../scripts/lint/layers.ts';

describe('import rules', () => {
  const allowed = [
    ['src/controller/reconcile.ts', '../init/run.ts'],
    ['src/init/run.ts', '../api/errors.ts'],
    ['src/init/run.ts', './bundle.ts'],
    ['src/child/git/clone.ts', '../../api/errors.ts'],
    ['src/cli/main.ts', '../controller/controller.ts'],
    ['src/cli/version.ts', '../../package.json'],
    ['src/controller/kube.ts', '@kubernetes/client-node/dist/config.js'],
    ['src/child/main.ts', 'node:fs'],
    ['test/init/run.test.ts', '../../src/child/main.ts'],
  ] as const;
  for (const [file, specifier] of allowed) {
    test(`${file} may import ${specifier}`, () => {
      assert.equal(importProblem(file, specifier), undefined);
    });
  }

  const refused = [
    ['src/child/main.ts', '../init/run.ts', 'src/child may import api; this is src/init'],
    ['src/init/run.ts', '../controller/a.ts', /src\/init may import storage, api;/],
    ['src/api/a.ts', '../init/b.ts', /src\/api may import none of the other layers/],
    ['src/cli/main.ts', '../child/main.ts', /this is src\/child/],
    ['src/storage/s3.ts', '../init/run.ts', /this is src\/init/],
    ['src/init/run.ts', '@kubernetes/client-node', /only src\/controller and src\/cli may import/],
    ['src/init/run.ts', '../../test/support/wait.ts', /outside of src/],
    ['src/other/a.ts', 'node:fs', 'src/other has no place among the layers'],
  ] as const;
  for (const [file, specifier, problem] of refused) {
    test(`${file} may not import ${specifier}`, () => {
      const actual = importProblem(file, specifier) ?? '';
      if (typeof problem === 'string') assert.equal(actual, problem);
      else assert.match(actual, problem);
    });
  }

  test('finds every kind of import with its line', () => {
    const source = [
      "import type { A } from './a.ts';",
      "import b, { type C } from 'b';",
      "export * from './c.ts';",
      "export type { D } from './d.ts';",
      'const text = "import \'./no.ts\'";',
      "await import('./e.ts');",
    ].join('\n');
    assert.deepEqual(findImports('x.ts', source), [
      { specifier: './a.ts', line: 1 },
      { specifier: 'b', line: 2 },
      { specifier: './c.ts', line: 3 },
      { specifier: './d.ts', line: 4 },
      { specifier: './e.ts', line: 6 },
    ]);
  });
});
