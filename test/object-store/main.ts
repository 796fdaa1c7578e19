import { startObjectStore } from './index.ts';
import { findVersitygw } from './program.ts';

/** Starts an S3 server and stays until Ctrl-C; with `--install` it only makes sure of the program. */
async function main(): Promise<void> {
  if (process.argv.includes('--install')) {
    console.log(`object store: ${await findVersitygw()}`);
    return;
  }
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await using store = await startObjectStore();
  console.log(`export AWS_ENDPOINT_URL=${store.endpoint}`);
  console.log(`export AWS_REGION=${store.region}`);
  console.log(`export AWS_ACCESS_KEY_ID=${store.accessKey}`);
  console.log(`export AWS_SECRET_ACCESS_KEY=${store.secretKey}`);
  console.log('Ctrl-C ends it.');
  const alive = setInterval(() => undefined, 60_000);
  await ended;
  clearInterval(alive);
}

await main();
