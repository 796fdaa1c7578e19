import type { WorkspaceContentStatus } from '../../api/types.generated.ts';
import { formatBytes } from './bytes.ts';

/** What became of a resource, as lines for people. */
export function summarize(status: WorkspaceContentStatus): string[] {
  if (status.error !== undefined) {
    const { reason, message, step } = status.error;
    // The daemon's remedy for it speaks of resources in a cluster.
    if (reason === 'Cancelled') return ['Cancelled: the attempt was interrupted'];
    return [`Failed: ${reason}${step === undefined ? '' : ` in ${step}`}`, `  ${message}`];
  }
  return [
    `Ready: ${status.hostPath}`,
    `  source    ${status.source}`,
    `  duration  ${status.duration}`,
    ...stepTable(status.steps ?? []),
    ...(status.warnings ?? []).map((warning) => `  warning   ${warning}`),
  ];
}

function stepTable(steps: NonNullable<WorkspaceContentStatus['steps']>): string[] {
  const rows = steps.map(({ path, duration, size }) => [path, duration, formatBytes(size)]);
  if (rows.length === 0) return [];
  const all = [['STEP', 'DURATION', 'SIZE'], ...rows];
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  return all.map(
    ([step = '', duration = '', size = '']) =>
      `  ${step.padEnd(width(0))}  ${duration.padEnd(width(1))}  ${size}`,
  );
}
