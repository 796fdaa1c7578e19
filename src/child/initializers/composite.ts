import type { InitializerMessage } from '../../api/initializer.ts';
import type { StepMetric } from '../../api/protocol.ts';
import { measuredStep, runStep, type Step } from './step.ts';

/** Several initializers, one after the other; its size is the sum of its children's. */
export function planComposite(
  { initializer }: NonNullable<InitializerMessage['composite']>,
  path: string,
  planChild: (message: InitializerMessage, prefix: string) => Step,
): Step {
  const steps = (initializer ?? []).map((message, index) =>
    planChild(message, `${path}[${index}].`),
  );
  return measuredStep(path, 'composite', async (context, signal) => {
    const metrics: StepMetric[] = [];
    const warnings: string[] = [];
    let size = 0;
    for (const step of steps) {
      const result = await runStep(step, context, signal);
      metrics.push(...result.metrics);
      warnings.push(...result.warnings);
      // The last metric of a composite child is its own and covers those before it.
      size += result.metrics.at(-1)?.size ?? 0;
    }
    return { size, metrics, warnings };
  });
}
