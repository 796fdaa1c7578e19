/** Forms that the values of flags have. Each throws a TypeError that says what a value must be. */
import { isAbsolute, normalize } from 'node:path';
import { addressesOf } from '../init/network/pool.ts';
import { parseRange } from '../init/network/ranges.ts';

export function text(value: string): string {
  if (value === '') throw new TypeError('must not be empty');
  return value;
}

/** An absolute path in its shortest form. */
export function directory(value: string): string {
  if (!isAbsolute(value)) throw new TypeError('must be an absolute path');
  const path = normalize(value);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw new TypeError(`must be a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

/** Bytes, such as `512Mi` or `2Gi`; 0 for no limit. */
export function memory(value: string): number {
  const [, digits = '', unit = ''] = /^([0-9]{1,15})(Ki|Mi|Gi|)$/.exec(value) ?? [];
  const bytes = Number(digits) * 1024 ** ['', 'Ki', 'Mi', 'Gi'].indexOf(unit);
  const isSensible = bytes === 0 || (bytes >= leastMemory && bytes <= Number.MAX_SAFE_INTEGER);
  if (digits === '' || !isSensible) {
    throw new TypeError('must be 64Mi or more, such as 512Mi or 2Gi, or 0 for no limit');
  }
  return bytes;
}

/** The sandbox's program needs as much before it has done anything. */
const leastMemory = 64 * 1024 ** 2;

/** CPUs' worth of time, such as `1.5`; 0 for no limit. */
export function cpus(value: string): number {
  const number = /^[0-9]{1,4}(\.[0-9]{1,2})?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number === 0 || number >= 0.01)) {
    throw new TypeError('must be a number of CPUs, such as 2 or 0.5, or 0 for no limit');
  }
  return number;
}

/** A whole number that is 0 for no limit. */
export function limit(min: number, max: number): (value: string) => number {
  const parse = integer(min, max);
  return (value) => {
    if (value === '0') return 0;
    try {
      return parse(value);
    } catch {
      throw new TypeError(`must be a whole number from ${min} to ${max}, or 0 for no limit`);
    }
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): (value: string) => T {
  return (value) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) {
      throw new TypeError(
        choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${choices.join(', ')}`,
      );
    }
    return choice;
  };
}

/** `host:port`, `:port` for all addresses, `[v6]:port`. */
export function address(value: string): string {
  const match = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):([0-9]{1,5})$/.exec(value);
  if (match === null || Number(match[1]) > 65_535) {
    throw new TypeError('must be HOST:PORT or :PORT, such as 127.0.0.1:9500');
  }
  return value;
}

/** Addresses and ranges, separated by commas. */
export function ranges(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim());
  try {
    parts.forEach(parseRange);
  } catch {
    throw new TypeError('must be addresses or ranges such as 10.96.0.1,10.128.0.0/9');
  }
  return parts;
}

/** A range of IPv4 addresses for sandboxes. */
export function pool(value: string): string {
  addressesOf(value, () => 0);
  return value;
}
