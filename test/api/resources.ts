import { parseResource, type ContentResource } from '../../src/api/resource.ts';

/** A WorkspaceContent as the API server would hand it out, with this spec. */
function resourceObject(spec: Readonly<Record<string, unknown>>, metadata: object = {}): unknown {
  return {
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: {
      namespace: 'default',
      name: 'sample',
      uid: '0b6d3a2e-6a55-4b77-9a2c-5f0f2d6f7b11',
      generation: 1,
      resourceVersion: '7',
      ...metadata,
    },
    spec: { nodeName: 'node-a', ...spec },
  };
}

export function resource(spec: Readonly<Record<string, unknown>>): ContentResource {
  return parseResource(resourceObject(spec));
}
