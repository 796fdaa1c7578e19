import type { MetricType, Source, StepMetric } from '../../api/protocol.ts';
import type { RunContext } from '../context.ts';
import { withStep } from '../failure.ts';

export interface StepResult {
  readonly source: Source;
  /** In the order in which they were finished: a step's own after its children's. */
  readonly metrics: readonly StepMetric[];
  /** What went wrong without failing the step. */
  readonly warnings: readonly string[];
}

/** One initializer, checked and ready to run. Making one throws InvalidSpec or NotImplemented. */
export interface Step {
  /** Such as `git` or `composite[1].git`. */
  readonly path: string;
  readonly run: (context: RunContext, signal: AbortSignal) => Promise<StepResult>;
}

/** What a step that has a metric of its own did. */
export interface Work {
  /** Bytes that it added to the destination. */
  readonly size: number;
  /** Its children's. */
  readonly metrics?: readonly StepMetric[];
  readonly warnings?: readonly string[];
  readonly source?: Source;
}

/**
 * A step with a metric; `work` answers undefined when there was nothing to do and nothing to measure.
 * `source` is where its content comes from, unless the work itself knows better.
 */
export function measuredStep(
  path: string,
  type: MetricType,
  work: (context: RunContext, signal: AbortSignal) => Promise<Work | undefined>,
  source: Source = 'from-other',
): Step {
  const run = async (context: RunContext, signal: AbortSignal): Promise<StepResult> => {
    const start = context.clock.now();
    const done = await work(context, signal);
    if (done === undefined) return { source, metrics: [], warnings: [] };
    const duration = Number(context.clock.now() - start);
    const { size, metrics = [], warnings = [] } = done;
    return {
      source: done.source ?? source,
      metrics: [...metrics, { path, type, duration, size }],
      warnings,
    };
  };
  return { path, run };
}

/** Runs a step; its errors carry its path. */
export async function runStep(
  step: Step,
  context: RunContext,
  signal: AbortSignal,
): Promise<StepResult> {
  signal.throwIfAborted();
  try {
    return await step.run(context, signal);
  } catch (error) {
    throw withStep(error, step.path);
  }
}
