/** Names of entries: bytes as latin1 strings, as the archive has them. */
import { beyondLimit, shown, unsafe } from '../failures.ts';
import type { ArchiveLimits } from '../limits.ts';

/** Empty, `.` and `..` between slashes, and slashes at the ends. */
const needsWork = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** What file systems take for one name. */
const componentBytes = 255;

/**
 * The name below the destination, without `.`, doubled slashes and a slash at the end: '' is the
 * destination itself. A name that leads out of it, however it comes back, is unsafe.
 */
export function nameInside(
  name: string,
  what: 'entry' | 'hard link',
  limits: ArchiveLimits,
): string {
  if (name.startsWith('/')) throw unsafe(`the ${what} ${shown(name)} has an absolute name`);
  if (name.length > limits.pathBytes) {
    throw beyondLimit(
      `the name ${shown(name)} has ${name.length} bytes; ${limits.pathBytes} are allowed`,
    );
  }
  const plain = name.startsWith('./') ? name.slice(2) : name;
  const inside = needsWork.test(plain) ? tidy(plain, what) : plain;
  checkShape(inside, limits);
  return inside;
}

function tidy(name: string, what: string): string {
  const components = name.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) {
    throw unsafe(`the ${what} ${shown(name)} leads out of the destination by ".."`);
  }
  return components.join('/');
}

function checkShape(name: string, limits: ArchiveLimits): void {
  let depth = 1;
  let start = 0;
  for (let slash = name.indexOf('/'); ; slash = name.indexOf('/', start)) {
    const end = slash === -1 ? name.length : slash;
    if (end - start > componentBytes) {
      throw beyondLimit(
        `a part of the name ${shown(name)} has more than the ${componentBytes} bytes that file systems take`,
      );
    }
    if (slash === -1) break;
    depth += 1;
    start = slash + 1;
  }
  if (depth > limits.pathDepth) {
    throw beyondLimit(
      `the name ${shown(name)} is ${depth} levels deep; ${limits.pathDepth} are allowed`,
    );
  }
}
