import type { Step } from './step.ts';

/** Leaves the destination as it is; it has no metric. */
export function planEmpty(_message: object, path: string): Step {
  return { path, run: async () => ({ source: 'from-other', metrics: [], warnings: [] }) };
}
