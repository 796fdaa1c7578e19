import type { ContentResource, ResourceIdentity } from '../api/resource.ts';

/** What each line of the log about a resource carries. */
export function identityFields({
  namespace,
  name,
  uid,
}: Pick<ResourceIdentity, 'namespace' | 'name' | 'uid'>): object {
  return { namespace, name, uid };
}

/** The same with the workspace that it is for, in the words of the original's log. */
export function resourceFields(resource: ContentResource): object {
  const { owner, workspaceID, instanceID } = resource.spec;
  return {
    owner,
    workspace: workspaceID,
    instance: instanceID ?? resource.uid,
    ...identityFields(resource),
  };
}
