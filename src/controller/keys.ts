/** The queue's key of a resource. Neither part can hold a slash. */
export function toKey(resource: { readonly namespace: string; readonly name: string }): string {
  return `${resource.namespace}/${resource.name}`;
}

export function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
