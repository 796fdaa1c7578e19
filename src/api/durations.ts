import { ContentError } from './errors.ts';

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a duration such as `90s` or `1h30m`. Throws InvalidSpec. */
export function parseDuration(text: string, field = 'duration'): number {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new ContentError(
      'InvalidSpec',
      `${field}: ${JSON.stringify(text)} is no duration such as 90s, 30m or 1h30m`,
    );
  }
  return parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}

/**
 * A duration in nanoseconds as Go prints it, rounded to what a person reads: `1.2s`, `35ms`,
 * `1m30.5s`, `850µs`.
 */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds <= 0) return '0s';
  if (nanoseconds < 1e6) return `${Math.max(1, Math.round(nanoseconds / 1e3))}µs`;
  if (nanoseconds < 999.5e6) return `${Math.round(nanoseconds / 1e6)}ms`;
  const tenths = Math.round(nanoseconds / 1e8);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor((tenths % 36_000) / 600)];
  const seconds = (tenths % 600) / 10;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
