/** The addresses of sandboxes. */
import { formatAddress, parseRange, sizeOf } from './ranges.ts';

/** A run that finds so many addresses taken gives up. */
const tries = 64;

/**
 * The address that the node has in every sandbox's network, and those to try for a new sandbox, from
 * a random one on, so that runs that start together seldom try the same. Throws a TypeError for a pool
 * that is none.
 */
export function addressesOf(
  pool: string,
  random: () => number,
): { readonly gateway: string; readonly addresses: readonly string[] } {
  const range = parseRange(pool);
  if (range === undefined || range.prefix > 29) {
    throw new TypeError('must be an IPv4 range with a prefix of 29 or less, such as 198.18.0.0/16');
  }
  // Neither the first and the last address, nor the node's own.
  const count = sizeOf(range) - 3;
  const start = Math.floor(random() * count);
  const addresses = Array.from({ length: Math.min(tries, count) }, (_, index) =>
    formatAddress(range.base + 2 + ((start + index) % count)),
  );
  return { gateway: formatAddress(range.base + 1), addresses };
}
