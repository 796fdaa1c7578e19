import { corrupt, shown } from '../failures.ts';

export function text(key: string, value: string): string {
  if (value === '' || value.includes('\0')) {
    throw corrupt(`the pax record ${shown(key)} is empty or holds a NUL`);
  }
  return value;
}

export function wholeNumber(key: string, value: string): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw corrupt(`the pax record ${shown(key)} is not a number: ${shown(value)}`);
  }
  return number;
}
