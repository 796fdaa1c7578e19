import { formatDuration } from '../api/durations.ts';
import type { MetricType, StepMetric } from '../api/protocol.ts';
import type { InitializerMetrics, StepStatus } from '../api/types.generated.ts';
import { shorten } from './text.ts';

/** The keys under which the original's clients look for the types. */
const keys = {
  git: 'git',
  fileDownload: 'fileDownload',
  snapshot: 'snapshot',
  fromBackup: 'backup',
  prebuild: 'prebuild',
  composite: 'composite',
} as const satisfies Record<MetricType, keyof InitializerMetrics>;

const mostSteps = 256;
const longestPath = 256;

/** Duration and size by type, summed over the steps of that type. */
export function toInitializerMetrics(metrics: readonly StepMetric[]): InitializerMetrics {
  const sums = new Map<MetricType, { duration: number; size: number }>();
  for (const { type, duration, size } of metrics) {
    const sum = sums.get(type) ?? { duration: 0, size: 0 };
    sums.set(type, { duration: sum.duration + duration, size: sum.size + size });
  }
  const rows = [...sums].map(([type, { duration, size }]) => [
    keys[type],
    { duration: formatDuration(duration), size },
  ]);
  return Object.fromEntries(rows) as InitializerMetrics;
}

export function toSteps(metrics: readonly StepMetric[]): StepStatus[] {
  return metrics.slice(0, mostSteps).map(({ path, type, duration, size }) => ({
    path: shorten(path, longestPath),
    type,
    duration: formatDuration(duration),
    size,
  }));
}
