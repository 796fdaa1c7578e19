import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { loadStorageConfig } from '../../src/storage/config-file.ts';
import { StorageConfigError } from '../../src/storage/config.ts';
import { createTempDir } from '../support/temp.ts';

const store = { endpoint: 'https://s3.example.com' };

describe('a file', () => {
  const document = { stores: { main: { ...store, region: 'eu-west-1' } } };
  const variables = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' };

  test('is YAML or JSON', async () => {
    await using temp = await createTempDir();
    for (const [name, text] of [
      ['storage.yaml', stringify(document)],
      ['storage', JSON.stringify(document)],
      ['storage.json', JSON.stringify(document)],
    ] as const) {
      await writeFile(temp.join(name), text);
      const { stores } = await loadStorageConfig(temp.join(name), variables);
      assert.equal(stores.get('main')?.region, 'eu-west-1');
    }
  });

  test('that cannot be read or parsed is named, its text is not repeated', async () => {
    await using temp = await createTempDir();
    const load = async (name: string): Promise<string> =>
      await loadStorageConfig(temp.join(name), variables).then(
        () => 'no error',
        (error: Error) => {
          assert.equal(error.name, 'StorageConfigError');
          return error.message.replace(`${temp.path}/`, '');
        },
      );
    const table: [name: string, text: string, message: RegExp][] = [
      [
        'cut.json',
        '{"stores": {"a": 1',
        /^cut\.json: is no YAML \(line 1 column \d+\): bad indent$/,
      ],
      [
        'twice.yaml',
        'stores: hush\nstores: hush\n',
        /^twice\.yaml: is no YAML \(line 2 column 1\): duplicate key$/,
      ],
      ['alias.yaml', 'stores: *hush\n', /^alias\.yaml: is no YAML: an alias/],
      ['empty.yaml', '', /^empty\.yaml: must be a mapping/],
    ];
    for (const [name, text, message] of table) {
      await writeFile(temp.join(name), text);
      const said = await load(name);
      assert.match(said, message);
      assert.doesNotMatch(said, /hush/);
    }
    assert.equal(await load('missing.yaml'), 'missing.yaml: cannot be read: ENOENT');
  });

  test('that names files and variables which are not there is refused', async () => {
    await using temp = await createTempDir();
    await writeFile(temp.join('secret'), 'hush');
    const fields = {
      ...store,
      caFile: temp.join('ca.pem'),
      credentials: {
        accessKeyVariable: 'ACCESS',
        secretKeyFile: temp.join('secret'),
        sessionTokenFile: temp.join('token'),
      },
    };
    await writeFile(temp.join('storage.yaml'), stringify({ stores: { main: fields } }));
    await assert.rejects(loadStorageConfig(temp.join('storage.yaml'), {}), (error) => {
      assert.ok(error instanceof StorageConfigError);
      assert.deepEqual(error.problems, [
        'stores.main.credentials.accessKeyVariable: the environment variable ACCESS is not set',
        `stores.main.credentials.sessionTokenFile: cannot read ${temp.join('token')}: ENOENT`,
        `stores.main.caFile: cannot read ${temp.join('ca.pem')}: ENOENT`,
      ]);
      return true;
    });
  });
});
