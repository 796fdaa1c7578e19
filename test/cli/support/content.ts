/** A WorkspaceContent without a node, as JSON, which is YAML too. */
export function content(initializer: object, spec: object = {}, metadata: object = {}): string {
  return JSON.stringify({
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: { name: 'one', ...metadata },
    spec: { initializer, ...spec },
  });
}
