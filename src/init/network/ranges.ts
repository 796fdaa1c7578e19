/** IPv4 addresses and CIDR ranges as people write them. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Range {
  /** The first address, as a number. */
  readonly base: number;
  /** Bits that all its addresses have in common. */
  readonly prefix: number;
}

/**
 * A range, or an address as the range of one. Undefined for those of IPv6, which an isolated sandbox
 * does not have anyway. Throws a TypeError for what is neither.
 */
export function parseRange(text: string): Range | undefined {
  const [, address = '', bits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  if (isIPv6(address) && Number(bits ?? 128) <= 128) return undefined;
  const prefix = Number(bits ?? 32);
  if (!isIPv4(address) || prefix > 32) {
    throw new TypeError('must be an address or a range, such as 10.96.0.1 or 10.96.0.0/12');
  }
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(toNumber(address) / size) * size, prefix };
}

export function formatRange({ base, prefix }: Range): string {
  return `${formatAddress(base)}/${prefix}`;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** How many addresses it has. */
export function sizeOf({ prefix }: Range): number {
  return 2 ** (32 - prefix);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
