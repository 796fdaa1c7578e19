import { ContentError } from '../../api/errors.ts';
import type { Context } from '../command.ts';
import { describeResource } from '../input/describe.ts';
import { abortOnSignals } from '../interrupt.ts';
import { exitCodes, SetupError } from '../problems.ts';
import { sandboxSettings, type SandboxValues } from '../sandbox.ts';
import { readStorageConfig } from '../storage.ts';
import { createProgressView } from './progress.ts';
import { readOne } from './read-one.ts';
import { runContent } from './run-content.ts';
import { summarize } from './summary.ts';

interface RunFileOptions extends SandboxValues {
  readonly file: string;
  readonly output: 'json' | undefined;
  readonly dataRoot: string;
  readonly stateDir: string;
  readonly storageConfig: string | undefined;
}

/** `wscontent run`. */
export async function runFile(
  { file, output, dataRoot, stateDir, storageConfig, ...sandboxValues }: RunFileOptions,
  { stdin, stdout, stderr, signals }: Context,
): Promise<number> {
  const { object, resource, secrets } = await readOne(file, stdin, dataRoot);
  const storage = await readStorageConfig(storageConfig);
  if (process.geteuid?.() !== 0) {
    throw new SetupError(
      'run takes root, since it makes a sandbox by runc: sudo wscontent run ...',
    );
  }
  const progress = createProgressView(stderr);
  const note = (text: string): void => {
    progress.end();
    stderr.write(`${text}\n`);
  };
  using interruption = abortOnSignals(signals, () => {
    note('Stopping ...');
    return new ContentError('Cancelled', 'the attempt was interrupted');
  });
  const status = await runContent({
    resource,
    secrets,
    dataRoot,
    stateDir,
    ...storage,
    sandbox: sandboxSettings(sandboxValues),
    signal: interruption.signal,
    onProgress: (news) => progress.show(news),
    onNote: note,
  });
  progress.end();
  const ready = status.phase === 'Ready';
  if (output === 'json') {
    const { metadata, status: _before, ...rest } = describeResource(object);
    const shown = { ...rest, metadata: { ...metadata, uid: resource.uid }, status };
    stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  } else {
    (ready ? stdout : stderr).write(`${summarize(status).join('\n')}\n`);
  }
  return ready ? exitCodes.success : exitCodes.failure;
}
