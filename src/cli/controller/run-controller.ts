import { startController } from '../../controller/main.ts';
import type { ControllerConfig } from '../../controller/config.ts';
import type { Context } from '../command.ts';
import { abortOnSignals } from '../interrupt.ts';
import { exitCodes, SetupError } from '../problems.ts';
import { sandboxSettings, type SandboxValues } from '../sandbox.ts';
import { readStorageConfig } from '../storage.ts';

type ControllerOptions = Omit<
  ControllerConfig,
  'drainTimeoutMs' | 'kubeconfig' | 'storage' | 'sandbox'
> &
  SandboxValues & {
    /** Seconds. */
    readonly drainTimeout: number;
    readonly kubeconfig: string | undefined;
    readonly storageConfig: string | undefined;
  };

/** `wscontent controller`: returns after a signal, when all has ended. */
export async function runController(
  { drainTimeout, kubeconfig, storageConfig, ...config }: ControllerOptions,
  { signals }: Context,
): Promise<number> {
  const storage = await readStorageConfig(storageConfig);
  using interruption = abortOnSignals(signals, () => new Error('the daemon is to end'));
  const controller = await startController({
    ...config,
    ...storage,
    sandbox: sandboxSettings(config),
    drainTimeoutMs: drainTimeout * 1000,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  }).catch((cause: unknown) => {
    throw new SetupError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  await aborted(interruption.signal);
  await controller.stop();
  return exitCodes.success;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
