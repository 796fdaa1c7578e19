import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const script = `
  import { registerHooks } from 'node:module';
  const packages = [];
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (resolved.url.includes('/node_modules/')) packages.push(specifier);
      return resolved;
    },
  });
  await import('./src/storage/collect.ts');
  await import('./src/storage/config-file.ts');
  console.log(JSON.stringify(packages));
`;

test('a daemon without object storage loads no package for it', async () => {
  const args = ['--input-type=module', '--eval', script];
  const cwd = new URL('../..', import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  assert.deepEqual(JSON.parse(stdout), []);
});
