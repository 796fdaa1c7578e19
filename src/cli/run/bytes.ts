const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Three digits or so, such as `12 bytes`, `4.2 MiB`, `128 KiB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 10 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}
