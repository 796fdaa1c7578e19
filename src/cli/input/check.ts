/** What is wrong with a resource, all of it at once. */
import { v4 as newUuid, validate as isUuid } from 'uuid';
import { ContentError } from '../../api/errors.ts';
import { planContent, secretNames, type SecretLookup } from '../../api/plan.ts';
import { parseResource, type ContentResource } from '../../api/resource.ts';
import type { Problem } from '../../api/schema-problem.ts';
import { validateResource } from '../../api/validate.ts';
import { isRecord } from '../../api/record.ts';
import { destinationNames } from '../../init/destination-path.ts';
import type { ContentDocument, Manifests } from './manifests.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** The forms that the API server wants of a namespace's and of a resource's name. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export interface CheckedContent {
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  /** With the CRD's defaults filled in. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Absent when there are problems. With a new uid, where the file has none. */
  readonly resource?: ContentResource;
  readonly secrets: SecretLookup;
  /** Secrets that the resource names and that are not in the file. */
  readonly missingSecrets: readonly string[];
}

interface CheckOptions {
  readonly dataRoot: string;
  /** For a resource that has none; without it, that is a problem. */
  readonly nodeName?: string;
}

export function checkContent(
  document: ContentDocument,
  { secrets: all }: Manifests,
  { dataRoot, nodeName }: CheckOptions,
): CheckedContent {
  const { value, namespace } = document;
  const metadata: Metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const spec = isRecord(value['spec']) ? value['spec'] : undefined;
  const complete = {
    ...value,
    metadata: { ...metadata, namespace: metadata['namespace'] ?? namespace },
    ...(spec === undefined
      ? {}
      : { spec: { ...(nodeName === undefined ? {} : { nodeName }), ...spec } }),
  };
  const { problems: found, defaulted } = validateResource(complete);
  const object = defaulted as Record<string, unknown>;
  const line = ({ field }: Problem): number => document.place(field).line;
  const problems = [...checkMetadata(complete.metadata), ...found].sort(
    (a, b) => line(a) - line(b),
  );
  const secrets = secretsOf(namespace, all);
  if (problems.length > 0) return { problems, object, secrets, missingSecrets: [] };

  const resource = parseResource({
    ...object,
    metadata: { uid: newUuid(), ...complete.metadata },
  });
  const names = secretNames(resource.spec);
  const missingSecrets = names.filter((secret) => !secrets.has(secret));
  const problem =
    findPathProblem(resource, dataRoot) ?? findPlanProblem(resource, secrets, missingSecrets);
  return problem === undefined
    ? { problems: [], object, resource, secrets, missingSecrets }
    : { problems: [problem], object, secrets, missingSecrets };
}

function* checkMetadata({ name, namespace, uid }: Metadata): Generator<Problem> {
  const ends = 'with a letter or digit at both ends';
  if (name === undefined || name === '') {
    yield { field: 'metadata.name', message: 'is required' };
  } else if (typeof name !== 'string' || !subdomain.test(name) || name.length > 253) {
    const message = `must be text of at most 253 lower-case letters, digits, '-' and '.', ${ends}`;
    yield { field: 'metadata.name', message };
  }
  if (typeof namespace !== 'string' || !label.test(namespace)) {
    const message = `must be text of at most 63 lower-case letters, digits and '-', ${ends}`;
    yield { field: 'metadata.namespace', message };
  }
  if (uid !== undefined && !isUuid(uid)) {
    yield {
      field: 'metadata.uid',
      message: 'must be a UUID; leave it out, and a new one is taken',
    };
  }
}

function secretsOf(namespace: string, all: Manifests['secrets']): SecretLookup {
  const prefix = `${namespace}/`;
  const own = [...all].filter(([id]) => id.startsWith(prefix));
  return new Map(own.map(([id, values]) => [id.slice(prefix.length), values]));
}

function findPathProblem(
  { namespace, spec: { hostPath } }: ContentResource,
  dataRoot: string,
): Problem | undefined {
  if (hostPath === undefined) return undefined;
  try {
    destinationNames(dataRoot, namespace, hostPath);
    return undefined;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    return { field: 'spec.hostPath', message: `must be a path below ${dataRoot}/${namespace}/` };
  }
}

/** What only shows when the attempt is planned: the protobuf form, placeholders, keys of Secrets. */
function findPlanProblem(
  resource: ContentResource,
  secrets: SecretLookup,
  missingSecrets: readonly string[],
): Problem | undefined {
  try {
    planContent(resource, secrets);
    return undefined;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    if (error.reason === 'SecretNotFound' && missingSecrets.length > 0) return undefined;
    const [, field, message] = /^(spec\.[^ :]+): (.*)$/s.exec(error.message) ?? [];
    const fallback =
      resource.spec.initializerProto === undefined ? 'spec.initializer' : 'spec.initializerProto';
    return { field: field ?? fallback, message: message ?? error.message };
  }
}
