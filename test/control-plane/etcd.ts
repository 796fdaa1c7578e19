/** What etcd holds, behind the back of the API server: as a backup that is restored changes it. */
export class Etcd {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The value as it is stored. */
  async get(key: string): Promise<Buffer> {
    const { kvs } = (await this.#post('range', { key: encode(key) })) as {
      kvs?: [{ value: string }];
    };
    if (kvs === undefined) throw new Error(`etcd has no ${key}`);
    return Buffer.from(kvs[0].value, 'base64');
  }

  async put(key: string, value: Buffer): Promise<void> {
    await this.#post('put', { key: encode(key), value: value.toString('base64') });
  }

  async delete(key: string): Promise<void> {
    await this.#post('deleterange', { key: encode(key) });
  }

  async #post(what: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/v3/kv/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
    return await response.json();
  }
}

function encode(key: string): string {
  return Buffer.from(key).toString('base64');
}
