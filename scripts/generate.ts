/**
 * Writes every generated file of the repository from its source:
 *
 *   deploy/crds/workspacecontents.yaml  ->  src/api/types.generated.ts     (TypeScript types)
 *                                           src/api/schema.generated.js    (validator, compiled by ajv)
 *                                           src/api/field-names.generated.ts
 *                                           src/api/rules.generated.ts     (the CEL rules and where they hold)
 *   proto/initializer.proto             ->  src/api/initializer.generated.js, .d.ts
 *   src/api/errors.ts                   ->  docs/errors.md
 *
 * They are committed; `make check-generated` fails when one differs from what this script writes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { generateErrorsPage } from './generate/errors-page.ts';
import { generateFieldNames } from './generate/field-names.ts';
import { generateInitializer } from './generate/initializer.ts';
import { generateRules } from './generate/rules.ts';
import { isSchema, type Schema } from './generate/schema.ts';
import { generateTypes } from './generate/types.ts';
import { generateValidator } from './generate/validator.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function readContract(): Promise<Schema> {
  const crd: unknown = parse(await readFile(`${root}deploy/crds/workspacecontents.yaml`, 'utf8'));
  const schema = (crd as { spec?: { versions?: { schema?: { openAPIV3Schema?: unknown } }[] } })
    .spec?.versions?.[0]?.schema?.openAPIV3Schema;
  if (!isSchema(schema)) throw new Error('the CRD holds no openAPIV3Schema');
  return schema;
}

const contract = await readContract();
const initializer = await generateInitializer(`${root}proto/initializer.proto`);
const files: Record<string, string> = {
  'src/api/types.generated.ts': await generateTypes(contract),
  'src/api/schema.generated.js': generateValidator(contract),
  'src/api/schema.generated.d.ts': generateValidator.declaration,
  'src/api/field-names.generated.ts': generateFieldNames(contract),
  'src/api/rules.generated.ts': generateRules(contract),
  'src/api/initializer.generated.js': initializer.code,
  'src/api/initializer.generated.d.ts': initializer.declaration,
  'docs/errors.md': generateErrorsPage(),
};
for (const [path, text] of Object.entries(files)) await writeFile(root + path, text);
