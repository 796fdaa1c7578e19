/**
 * The decoded values of a Secret: `data` is base64, `stringData` goes before it. `fail` is called
 * with the field and what is wrong with it, never with a value.
 */
export function decodeSecret(
  secret: Readonly<Record<string, unknown>>,
  fail: (field: string, message: string) => never,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [field, decode] of [
    ['data', decodeBase64],
    ['stringData', (text: string) => text],
  ] as const) {
    const entries = secret[field] ?? {};
    if (typeof entries !== 'object' || Array.isArray(entries))
      return fail(field, 'must be an object');
    for (const [key, value] of Object.entries(entries)) {
      const decoded = typeof value === 'string' ? decode(value) : undefined;
      if (decoded === undefined) {
        return fail(`${field}.${key}`, field === 'data' ? 'must be base64 text' : 'must be text');
      }
      values[key] = decoded;
    }
  }
  return values;
}

function decodeBase64(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, '');
  const bytes = Buffer.from(compact, 'base64');
  return bytes.toString('base64') === compact ? bytes.toString('utf8') : undefined;
}
