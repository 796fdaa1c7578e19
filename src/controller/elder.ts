import type { ContentResource, ResourceIdentity } from '../api/resource.ts';
import { isRecord } from '../api/record.ts';
import { allowedDestination, type Engine } from './engine.ts';
import { overlaps, type PathClaim } from './path-claims.ts';
import type { StoredResource } from './store.ts';

/**
 * Of the resources that are there and name the path, one above or one below, the oldest that comes
 * before this one. So which of two gets a directory depends on nothing but the two, in whatever order
 * a list or the workers bring them. What may hold content that the node has forgotten, as `isForgotten`
 * says, comes before all: nobody may take its directory over.
 */
export function findElder(
  resource: ContentResource,
  destination: string,
  others: Iterable<StoredResource>,
  engine: Pick<Engine, 'destinationOf'>,
  isForgotten: (other: StoredResource) => boolean,
): PathClaim | undefined {
  let elder: ResourceIdentity | undefined;
  let claim: PathClaim | undefined;
  for (const other of others) {
    const { identity, object } = other;
    const { uid, namespace, name } = identity;
    if (uid === resource.uid || (elder !== undefined && !isBefore(identity, elder))) continue;
    if (!isBefore(identity, resource) && !isForgotten(other)) continue;
    const spec = isRecord(object) && isRecord(object['spec']) ? object['spec'] : {};
    const { hostPath } = spec;
    // Directories that are named after their resources never meet.
    if (hostPath === undefined && resource.spec.hostPath === undefined) continue;
    const located = { namespace, name, spec: typeof hostPath === 'string' ? { hostPath } : {} };
    const path = allowedDestination(engine, located);
    if (path === undefined || !overlaps(path, destination)) continue;
    elder = identity;
    claim = { uid, namespace, name, hostPath: path };
  }
  return claim;
}

type Aged = Pick<ResourceIdentity, 'creationTimestamp' | 'uid'>;

/** Creation is dated to the second; the uid decides between the rest. */
function isBefore(one: Aged, other: Aged): boolean {
  const [first = '', second = ''] = [one.creationTimestamp, other.creationTimestamp];
  return first === second ? one.uid < other.uid : first < second;
}
