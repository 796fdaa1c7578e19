import { access, constants, readFile } from 'node:fs/promises';
import { parseStorageConfig } from './config-parse.ts';
import { type StorageConfig, StorageConfigError, type StoreConfig } from './config.ts';
import { errorCode } from './error-text.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads a configuration file, YAML or JSON, and makes sure that the files and environment variables
 * in it are there. Throws StorageConfigError with all that is wrong.
 */
export async function loadStorageConfig(
  file: string,
  variables: Variables = process.env,
): Promise<StorageConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StorageConfigError(file, [`cannot be read: ${errorCode(error)}`]);
  });
  const document = await parseYaml(text, file);
  const config = parseStorageConfig(document, file);
  const missing = await Promise.all(
    [...config.stores.values()].map(async (store) => await findMissing(store, variables)),
  );
  if (missing.flat().length > 0) throw new StorageConfigError(file, missing.flat());
  return config;
}

/** The parser's own messages stay inside: they quote the text, in which there may be a secret. */
async function parseYaml(text: string, file: string): Promise<unknown> {
  // Lazily: the daemon has no other use for it. Bundled, a CommonJS package is its default export.
  const { LineCounter, parseDocument } = (await import('yaml')).default;
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    const what = problem.code.toLowerCase().replaceAll('_', ' ');
    throw new StorageConfigError(file, [`is no YAML (line ${line} column ${col}): ${what}`]);
  }
  try {
    return document.toJS() as unknown;
  } catch {
    throw new StorageConfigError(file, ['is no YAML: an alias stands for nothing']);
  }
}

/** Fields that name a file or an environment variable which is not there. */
async function findMissing(store: StoreConfig, variables: Variables): Promise<string[]> {
  const { accessKey, secretKey, sessionToken } = store.credentials;
  const sources = {
    'credentials.accessKey': accessKey,
    'credentials.secretKey': secretKey,
    ...(sessionToken !== undefined && 'file' in sessionToken
      ? { 'credentials.sessionToken': sessionToken }
      : {}),
    ...(store.caFile === undefined ? {} : { ca: { file: store.caFile } }),
  };
  const problems = Object.entries(sources).map(async ([name, source]) => {
    const field = `stores.${store.name}.${name}`;
    if ('variable' in source) {
      if (variables[source.variable]) return [];
      return [`${field}Variable: the environment variable ${source.variable} is not set`];
    }
    return await access(source.file, constants.R_OK).then(
      () => [],
      (error: unknown) => [`${field}File: cannot read ${source.file}: ${errorCode(error)}`],
    );
  });
  return (await Promise.all(problems)).flat();
}
