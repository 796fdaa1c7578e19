/** docs/faults.md: each fault has a test, and each test is there. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const faults = 23;

interface Row {
  readonly fault: number;
  readonly file: string;
  /** The name of a test, or of it what does not vary. */
  readonly name: string;
}

async function readRows(): Promise<Row[]> {
  const page = await readFile(join(root, 'docs/faults.md'), 'utf8');
  const rows = page.matchAll(/^\| (\d+) \| .+ \| (test\/[^ ]+\.test\.ts) \| (.+) \|$/gm);
  return [...rows].map(([, fault = '', file = '', name = '']) => ({
    fault: Number(fault),
    file,
    name,
  }));
}

test('every fault has a test that is there under its name', async () => {
  const rows = await readRows();
  const expected = Array.from({ length: faults }, (_, index) => index + 1);
  assert.deepEqual([...new Set(rows.map(({ fault }) => fault))], expected);
  for (const { fault, file, name } of rows) {
    const source = await readFile(join(root, file), 'utf8');
    // The title of a test, or of a row of its table.
    const titles = source.matchAll(/(?:^|[\s([])(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1,/gm);
    const isThere = [...titles].some(([, , title = '']) => title.includes(name));
    assert.ok(isThere, `fault ${fault}: ${file} has no test "${name}"`);
  }
});
