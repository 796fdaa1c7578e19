import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The name under which a file is written before it gets its own. */
export const temporarySuffix = '.tmp';

/**
 * Replaces a file so that after a crash at any moment it holds the old text or the new one, whole.
 * When this returns, the new one survives the loss of power. One writer a file at a time.
 */
export async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}${temporarySuffix}`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(file));
}

/** Makes renames in the directory survive the loss of power. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
