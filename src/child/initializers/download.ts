import type { InitializerMessage } from '../../api/initializer.ts';
import { parseDownloadSpec } from '../download/spec.ts';
import { measuredStep, type Step } from './step.ts';

/** Files over HTTP, each checked against its digest. */
export function planDownload(
  message: NonNullable<InitializerMessage['download']>,
  path: string,
): Step {
  const files = parseDownloadSpec(message, path);
  return measuredStep(path, 'fileDownload', async (context, signal) => {
    const { downloadAll } = await import('../download/all.ts');
    return { size: await downloadAll(files, path, context, signal) };
  });
}
