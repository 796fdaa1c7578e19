/** git's configuration: pairs that a user asks for, and their form in a file and in the environment. */

export interface ConfigEntry {
  /** Such as core.autocrlf or http.https://example.com.proxy. */
  readonly key: string;
  readonly value: string;
}

const keyForm = /^([A-Za-z][A-Za-z0-9-]*)\.(?:([^=\u0000-\u001f]+)\.)?([A-Za-z][A-Za-z0-9-]*)$/;

/** Why a pair is no configuration that git can keep; undefined when it is. */
export function configProblem({ key, value }: ConfigEntry): string | undefined {
  if (!keyForm.test(key)) return 'is no git configuration name such as core.autocrlf';
  if (value.includes('\0')) return 'has a value with a NUL in it';
  return undefined;
}

/** The same name in the one way that compares: sections and variables know no case. */
export function comparableKey(key: string): string {
  const [, section = '', subsection, variable = ''] = keyForm.exec(key) ?? [];
  const middle = subsection === undefined ? '' : `${subsection}.`;
  return `${section.toLowerCase()}.${middle}${variable.toLowerCase()}`;
}

/**
 * The configuration of a fresh clone, whose origin is to fetch by `refspec`, with `entries` appended.
 * The text is git's own of a moment ago: editing it saves a process for each value, and values that may
 * be secrets show up on no command line.
 */
export function completeConfig(
  text: string,
  refspec: string,
  entries: readonly ConfigEntry[],
): string {
  const line = /^\tfetch = .*$/m;
  // A clone of an empty repository has no such line.
  const rest = line.test(text) ? [] : [{ key: 'remote.origin.fetch', value: refspec }];
  return text.replace(line, `\tfetch = ${refspec}`) + renderConfig([...rest, ...entries]);
}

/** Text to append to a repository's `config` file. The keys must have passed `configProblem`. */
export function renderConfig(entries: readonly ConfigEntry[]): string {
  return entries
    .map(({ key, value }) => {
      const [, section, subsection, variable] = keyForm.exec(key) ?? [];
      const name = subsection === undefined ? '' : ` "${escape(subsection)}"`;
      return `[${section}${name}]\n\t${variable} = "${escapeValue(value)}"\n`;
    })
    .join('');
}

function escape(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

function escapeValue(text: string): string {
  return escape(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\b', '\\b');
}

/** The entries for one command, by environment: on no command line and in no file. Later ones win. */
export function configEnvironment(entries: readonly ConfigEntry[]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  for (const [index, { key, value }] of entries.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}
