/** The WorkspaceContents and Secrets of a YAML text. */
import { nearest } from '../../api/nearest.ts';
import { apiGroup, apiVersion, kind as contentKind } from '../../api/resource.ts';
import type { Problem } from '../../api/schema-problem.ts';
import { isRecord } from '../../api/record.ts';
import { InputError } from '../problems.ts';
import { decodeSecret } from './secret.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface ContentDocument extends YamlDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly namespace: string;
  /** Empty when the resource has none. */
  readonly name: string;
}

export interface Manifests {
  readonly contents: readonly ContentDocument[];
  /** Values by `namespace/name` of the Secret, then by key. */
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Picks the documents of these kinds. Throws InputError for what is no Kubernetes object at all. */
export function parseManifests(text: string, name: string): Manifests {
  const contents: ContentDocument[] = [];
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  for (const document of parseYaml(text, name).flatMap(unfoldList)) {
    const fail = (field: string, message: string): never => {
      throw new InputError(locate(name, document, { field, message }));
    };
    const { value } = document;
    if (!isRecord(value)) return fail('', 'must be an object with apiVersion, kind and metadata');
    const { kind } = value;
    if (typeof kind !== 'string') return fail('kind', `is missing; it should be ${contentKind}`);
    const id = identify(value);
    if (kind === contentKind) {
      if (value['apiVersion'] !== `${apiGroup}/${apiVersion}`) {
        return fail('apiVersion', `must be ${apiGroup}/${apiVersion}`);
      }
      contents.push({ ...document, value, ...id });
    } else if (kind === 'Secret') {
      secrets.set(`${id.namespace}/${id.name}`, decodeSecret(value, fail));
    } else {
      const meant = nearest(kind, [contentKind, 'Secret']);
      if (meant !== undefined) return fail('kind', `must be ${meant}`);
    }
  }
  return { contents, secrets };
}

/** `kubectl get -o yaml` of several objects prints one List of them. */
function unfoldList(document: YamlDocument): YamlDocument[] {
  const { value } = document;
  if (!isRecord(value) || value['kind'] !== 'List' || !Array.isArray(value['items'])) {
    return [document];
  }
  return value['items'].map((item: unknown, index) => ({
    value: item,
    place: (field) => document.place(`items[${index}].${field}`),
  }));
}

/** A problem as one line, `FILE:LINE:COLUMN: FIELD: what is wrong`. */
export function locate(name: string, document: YamlDocument, { field, message }: Problem): string {
  const { line, column } = document.place(field);
  return `${name}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}`;
}

function identify(object: Readonly<Record<string, unknown>>): { namespace: string; name: string } {
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const { namespace, name } = metadata;
  return {
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : 'default',
    name: typeof name === 'string' ? name : '',
  };
}
