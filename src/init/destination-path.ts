/** Whether a resource may use a path on the node, going by the text of it. */
import { resolve } from 'node:path';
import { ContentError } from '../api/errors.ts';

export interface DestinationNames {
  /** The data root, absolute. */
  readonly root: string;
  /** Directories from there down to the destination; the first is the namespace. */
  readonly names: readonly [string, string, ...string[]];
}

/** Throws PathNotAllowed unless the path is canonical and lies below `<dataRoot>/<namespace>/`. */
export function destinationNames(
  dataRoot: string,
  namespace: string,
  hostPath: string,
): DestinationNames {
  const root = resolve(dataRoot);
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new ContentError('PathNotAllowed', `${JSON.stringify(namespace)} is not a namespace`);
  }
  const allowed = `${root === '/' ? '' : root}/${namespace}/`;
  const names = hostPath.startsWith(allowed) ? hostPath.slice(allowed.length).split('/') : [];
  const [first, ...others] = names;
  if (first === undefined || !names.every(isName)) {
    throw new ContentError(
      'PathNotAllowed',
      `hostPath ${JSON.stringify(hostPath)} is not a plain path below ${allowed}, which is what the namespace ${namespace} may use`,
    );
  }
  return { root, names: [namespace, first, ...others] };
}

/** Not empty, `.` or `..`; without control characters, which would let it pass for another in a log. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\0-\x1f\x7f]/.test(name);
}
