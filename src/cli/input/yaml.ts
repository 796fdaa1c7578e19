/** YAML as kubectl reads it, with the places of its fields. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
  type CollectionTag,
  visit,
  type YAMLError,
} from 'yaml';
import { InputError } from '../problems.ts';

export interface YamlDocument {
  readonly value: unknown;
  /** Where a field such as `spec.initializer.git` is, or what is nearest above it. */
  place(field: string): Place;
}

/** Both from 1 on. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Aliases that one document may resolve; without a bound a few lines could fill the memory. */
const maxAliasCount = 100;

/**
 * Parses all documents of a text; empty ones are left out. Throws InputError with the place and
 * without the text itself, which may hold a password.
 */
export function parseYaml(text: string, name: string): YamlDocument[] {
  const lineCounter = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (offset: number, why: string): never => {
    const { line, column } = placeOf(offset);
    throw new InputError(`${name}:${line}:${column}: malformed YAML: ${why}`);
  };
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      version: '1.1',
      customTags: (tags) => tags.filter(isKnownToKubectl),
    });
    return documents
      .map((document) => {
        const mistake = document.errors[0] ?? document.warnings[0];
        if (mistake !== undefined) fail(mistake.pos[0], explainMistake(mistake));
        checkAliases(document, fail);
        const value: unknown = document.toJS({ maxAliasCount });
        return { value, place: (field: string) => placeOf(offsetOf(document, field)) };
      })
      .filter(({ value }) => value !== null && value !== undefined);
  } catch (error) {
    if (error instanceof InputError) throw error;
    // A full stack, or the library's bound on aliases.
    throw new InputError(
      `${name}: malformed YAML: it is nested too deeply, or its aliases unfold to too much`,
    );
  }
}

/** YAML 1.1 has types that kubectl takes for text: 2024-01-31 and 1:30 among them. */
function isKnownToKubectl(tag: ScalarTag | CollectionTag | string): boolean {
  if (typeof tag === 'string') return true;
  const strange = ['timestamp', 'binary', 'omap', 'pairs', 'set'].map(
    (type) => `tag:yaml.org,2002:${type}`,
  );
  return !strange.includes(tag.tag) && !('format' in tag && tag.format === 'TIME');
}

/** The library finds an alias without an anchor only as it builds the value, and then says no place. */
function checkAliases(
  document: Document.Parsed,
  fail: (offset: number, why: string) => never,
): void {
  let count = 0;
  visit(document, {
    Alias(_, alias) {
      count += 1;
      if (count > maxAliasCount) throw new RangeError('too many aliases');
      if (alias.resolve(document) === undefined) fail(startOf(alias) ?? 0, badAlias);
    },
  });
}

const badAlias =
  "'*' refers to an anchor that is not set before; quote the value if it is meant as text";

/** The library's own words, but where they would show a piece of the text. */
function explainMistake({ code, message }: YAMLError): string {
  switch (code) {
    case 'BAD_ALIAS':
      return badAlias;
    case 'BAD_DQ_ESCAPE':
      return 'there is no such escape sequence in double quotes; write \\\\ for a backslash, or use single quotes';
    case 'BAD_SCALAR_START':
      return 'a value may not start with @, ` or %; put it into quotes';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return "there is a second ': ' in the line; put the value into quotes";
    case 'DUPLICATE_KEY':
      return 'this field is set a second time';
    case 'TAG_RESOLVE_FAILED':
      return "'!' starts a type that is not known; quote the value if it is meant as text";
    case 'UNEXPECTED_TOKEN':
      return 'this does not belong here; check quotes and indentation';
    case 'TAB_AS_INDENT':
      return 'indentation is made of spaces, not of tabs';
    default:
      return lowerFirst(message);
  }
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function offsetOf(document: Document.Parsed, field: string): number {
  let node: unknown = document.contents;
  let rest = field;
  let offset = document.contents?.range[0] ?? 0;
  for (;;) {
    if (isAlias(node)) node = node.resolve(document);
    const step = isMap(node)
      ? intoMap(node.items, rest)
      : isSeq(node)
        ? intoList(node.items, rest)
        : undefined;
    if (step === undefined) return offset;
    offset = step.offset ?? offset;
    ({ node, rest } = step);
  }
}

interface Step {
  readonly node: unknown;
  /** Of the field's name, what is below the node. */
  readonly rest: string;
  readonly offset: number | undefined;
}

/** Keys may hold dots themselves, so the keys that are there decide where a name ends. */
function intoMap(
  items: readonly { key: unknown; value: unknown }[],
  name: string,
): Step | undefined {
  for (const { key, value } of items) {
    const text = isScalar(key) ? String(key.value) : undefined;
    const end = text === undefined ? undefined : name.slice(text.length);
    if (text !== undefined && name.startsWith(text) && /^($|\.|\[)/.test(end ?? '')) {
      return { node: value, rest: (end ?? '').replace(/^\./, ''), offset: startOf(key) };
    }
  }
  return undefined;
}

function intoList(items: readonly unknown[], name: string): Step | undefined {
  const match = /^\[([0-9]+)\]\.?/.exec(name);
  const node = match === null ? undefined : items[Number(match[1])];
  return match === null || node === undefined
    ? undefined
    : { node, rest: name.slice(match[0].length), offset: startOf(node) };
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null }).range?.[0];
}
