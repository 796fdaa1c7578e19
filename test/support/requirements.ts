import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * For the `skip` option of a test: names what this machine lacks of root and the given programs, or is false.
 * In CI it is always false, so that a test that cannot run fails there instead of being passed over.
 */
export function lacks(...needed: string[]): string | false {
  if (process.env['CI'] === 'true') return false;
  const missing = needed.filter((name) =>
    name === 'root' ? process.getuid?.() !== 0 : !isOnPath(name),
  );
  return missing.length === 0 ? false : `needs ${missing.join(', ')}`;
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
