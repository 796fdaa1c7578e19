/** Forms that the values of flags have. Each throws a TypeError that says what a value must be. */
import { isAbsolute, normalize } from 'node:path';

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
