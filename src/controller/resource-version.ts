/**
 * Whether one resourceVersion comes before another of the same kind of object: they grow. False for those
 * that are no numbers, which cannot be compared.
 */
export function isOlderVersion(version: string, current: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(current)) return false;
  return BigInt(version) < BigInt(current);
}
