import { access, chmod, lstat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { shown } from './failures.ts';
import type { LateModes } from './tar/attributes.ts';
import type { ForeignSetgid } from './tar/setgid.ts';

/**
 * Sets the modes that could not be set while files were written. Directories on the way that belong to
 * others are opened for passing through meanwhile: this process may set modes, but not override them.
 */
export async function applyLateModes(destination: string, modes: LateModes): Promise<void> {
  const opened = new Map<string, number>();
  try {
    for (const [name, mode] of modes) {
      await openParents(destination, name, opened);
      const path = pathOf(destination, name);
      // Something else may have come under that name, such as a link.
      const found = await lstat(path);
      if (found.isFile()) await chmod(path, mode);
    }
  } finally {
    for (const [name, mode] of [...opened].toReversed())
      await chmod(pathOf(destination, name), mode);
  }
}

/** A warning when the kernel has taken the bits away, as it does without a word. */
export async function lostSetgid(
  destination: string,
  { count, first }: ForeignSetgid,
): Promise<string[]> {
  if (first === undefined) return [];
  const found = await lstat(pathOf(destination, first)).catch(() => undefined);
  if (found === undefined || (found.mode & 0o2000) !== 0) return [];
  const others = count === 1 ? '' : ` and ${count - 1} more`;
  return [
    `the setgid bit of ${shown(first)}${others} is not restored, since a sandbox may set it for the content's own group only`,
  ];
}

async function openParents(
  destination: string,
  name: string,
  opened: Map<string, number>,
): Promise<void> {
  for (let slash = name.indexOf('/'); slash !== -1; slash = name.indexOf('/', slash + 1)) {
    const parent = name.slice(0, slash);
    const path = pathOf(destination, parent);
    if (opened.has(parent) || (await isPassable(path))) continue;
    const { mode } = await lstat(path);
    opened.set(parent, mode & 0o7777);
    await chmod(path, (mode & 0o7777) | 0o111);
  }
}

async function isPassable(path: Buffer): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Names are bytes, which need not be UTF-8. */
function pathOf(destination: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${destination}/`), Buffer.from(name, 'latin1')]);
}
