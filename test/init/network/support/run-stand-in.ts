/**
 * A program: one run on the node of a test, with a stand-in for the program in the sandbox. Its input is
 * an Order; it writes how the run ended. With `reap` it only removes what is there already.
 */
import { text } from 'node:stream/consumers';
import { contentservice } from '../../../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../../../src/api/initializer.ts';
import { listContainers, removeContainer } from '../../../../src/init/containers.ts';
import { defaultSettings } from '../../../../src/init/settings.ts';
import { createSandboxHarness, reportDone } from '../../support/sandbox-harness.ts';

export interface Order {
  readonly stateDir: string;
  readonly destination: string;
  readonly initializer: InitializerMessage;
  readonly program: string;
  readonly pool: string;
  readonly reap?: boolean;
}

const order = JSON.parse(await text(process.stdin)) as Order;
const { stateDir, destination, initializer, program, pool } = order;
await using harness = await createSandboxHarness({
  stateDir,
  sandbox: { ...defaultSettings, network: { mode: 'isolated', pool, deny: [], allow: [] } },
});
if (order.reap === true) {
  for (const { id } of await listContainers(harness.environment)) {
    await removeContainer(harness.environment, id);
  }
} else {
  await harness.child(program + reportDone);
  const bytes = contentservice.WorkspaceInitializer.encode(initializer).finish();
  const outcome = await harness.run({ destination, initializer: bytes }).then(
    () => 'done',
    (error: unknown) => String(error),
  );
  process.stdout.write(JSON.stringify({ outcome, log: harness.log }));
}
