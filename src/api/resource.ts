import { ContentError } from './errors.ts';
import { isRecord } from './record.ts';
import { validate } from './schema.generated.js';
import { describeProblem } from './schema-problem.ts';
import type { WorkspaceContentSpec, WorkspaceContentStatus } from './types.generated.ts';

export const apiGroup = 'workspacecontent.dev';
export const apiVersion = 'v1alpha1';
export const kind = 'WorkspaceContent';
export const plural = 'workspacecontents';

type Defaulted =
  | 'runAsUser'
  | 'runAsGroup'
  | 'timeout'
  | 'backoffLimit'
  | 'deletionPolicy'
  | 'suspend'
  | 'existingContent';

/** The spec with the CRD's defaults filled in. */
export type ContentSpec = WorkspaceContentSpec & Required<Pick<WorkspaceContentSpec, Defaulted>>;

/** A WorkspaceContent as the API server hands it out, parsed. */
export interface ContentResource {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp: string | undefined;
  /** Set while the resource is being deleted. */
  readonly deletionTimestamp: string | undefined;
  /** Who has something to do before it may go. */
  readonly finalizers: readonly string[];
  readonly spec: ContentSpec;
  readonly status: WorkspaceContentStatus;
}

/** What identifies a resource, even when the rest of it cannot be read. */
export type ResourceIdentity = Pick<
  ContentResource,
  | 'namespace'
  | 'name'
  | 'uid'
  | 'generation'
  | 'resourceVersion'
  | 'creationTimestamp'
  | 'deletionTimestamp'
  | 'finalizers'
>;

/**
 * Parses a WorkspaceContent and fills its defaults in. Fields that this version does not know are
 * left aside: the API server may be newer. Throws InvalidSpec that names the field.
 */
export function parseResource(object: unknown): ContentResource {
  const identity = parseIdentity(object);
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  // A status that another version wrote is no reason to refuse the resource, so it is not validated.
  const copy = structuredClone({ spec });
  if (!validate(copy)) {
    const problem = validate.errors?.find(({ keyword }) => keyword !== 'additionalProperties');
    if (problem !== undefined) {
      const { field, message } = describeProblem(problem);
      throw new ContentError('InvalidSpec', `${field}: ${message}`);
    }
  }
  return {
    ...identity,
    spec: copy.spec as ContentSpec,
    status: isRecord(status) ? status : {},
  };
}

/** The metadata that every resource has. Throws InvalidSpec when it is no Kubernetes resource at all. */
export function parseIdentity(object: unknown): ResourceIdentity {
  const metadata = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {};
  const text = (name: string): string | undefined => {
    const value = metadata[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const required = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new ContentError('InvalidSpec', `metadata.${name}: is missing`);
    return value;
  };
  const { generation, finalizers } = metadata;
  return {
    namespace: required('namespace'),
    name: required('name'),
    uid: required('uid'),
    generation: typeof generation === 'number' ? generation : 0,
    resourceVersion: text('resourceVersion') ?? '',
    creationTimestamp: text('creationTimestamp'),
    deletionTimestamp: text('deletionTimestamp'),
    finalizers: Array.isArray(finalizers)
      ? finalizers.filter((each) => typeof each === 'string')
      : [],
  };
}
