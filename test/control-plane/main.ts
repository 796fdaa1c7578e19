import { findBinaries } from './binaries.ts';
import { startControlPlane } from './index.ts';

/** Starts a control plane and stays until Ctrl-C; with `--install` it only makes sure of the binaries. */
async function main(): Promise<void> {
  if (process.argv.includes('--install')) {
    await findBinaries();
    return;
  }
  const started = Date.now();
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await using controlPlane = await startControlPlane();
  console.log(`Kubernetes ${controlPlane.version} ready in ${(Date.now() - started) / 1000} s`);
  console.log(`export KUBECONFIG=${controlPlane.kubeconfig}`);
  console.log('Ctrl-C ends it.');
  const alive = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(alive);
}

await main();
