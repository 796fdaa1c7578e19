import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** An absolute path without symbolic links, as far as it is there. */
export async function canonicalPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(await canonicalPath(above), basename(path));
  }
}
