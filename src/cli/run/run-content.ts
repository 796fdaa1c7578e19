/** One attempt at one resource without a cluster, by the daemon's own rules. */
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { v4 as newUuid } from 'uuid';
import { ContentError } from '../../api/errors.ts';
import { planContent, type SecretLookup } from '../../api/plan.ts';
import type { ContentProgress } from '../../api/protocol.ts';
import type { ContentResource } from '../../api/resource.ts';
import type { WorkspaceContentStatus } from '../../api/types.generated.ts';
import { type AttemptParts, beginAttempt, carryOut } from '../../controller/attempt.ts';
import { attemptBackoff } from '../../controller/backoff.ts';
import { systemClock } from '../../controller/clock.ts';
import { viewContent } from '../../controller/content-check.ts';
import { decide, type Expected } from '../../controller/decide.ts';
import type { FailedEntry } from '../../controller/journal-entry.ts';
import { Journal } from '../../controller/journal.ts';
import { createNodeEngine } from '../../controller/node-engine.ts';
import { removeDeadRuns } from '../../controller/dead-runs.ts';
import { isDirectory } from '../../controller/remove-directory.ts';
import { shareStateDir } from '../../controller/state-lock.ts';
import { buildStatus, type View } from '../../controller/status.ts';
import { listContainers } from '../../init/containers.ts';
import { createRunEnvironment } from '../../init/environment.ts';
import type { SandboxSettings } from '../../init/settings.ts';
import type { StorageConfig } from '../../storage/config.ts';
import { SetupError } from '../problems.ts';
import { besideDaemon } from './beside-daemon.ts';
import { readDaemonJournal } from './daemon-journal.ts';

export interface RunOrder {
  readonly resource: ContentResource;
  readonly secrets: SecretLookup;
  readonly dataRoot: string;
  /** The daemon's; the run has a directory of its own in it while it lasts. */
  readonly stateDir: string;
  readonly storage?: StorageConfig;
  readonly sandbox: SandboxSettings;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ContentProgress) => void;
  /** Something to tell a person who watches. */
  readonly onNote: (note: string) => void;
}

/** Returns the status that the daemon would have written. What failed is in it, not thrown. */
export async function runContent(order: RunOrder): Promise<WorkspaceContentStatus> {
  const { resource, dataRoot } = order;
  const hostPath = resource.spec.hostPath ?? join(dataRoot, resource.namespace, resource.name);
  let view: View;
  try {
    view = await decideAndDo(order, hostPath);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    view = { kind: 'failed', entry: neverStarted(resource, hostPath, error) };
  }
  return buildStatus(view, { resource, hostPath, now: systemClock.now() });
}

/** The daemon would wait for some of these to pass; here nobody tries it again. */
function neverStarted(
  { uid, namespace, name }: ContentResource,
  hostPath: string,
  { reason, message }: ContentError,
): FailedEntry {
  const now = systemClock.now();
  return {
    ...{ uid, namespace, name, hostPath },
    ...{ attempts: 0, failures: 0, dirty: false },
    state: 'failed',
    startTime: now,
    completionTime: now,
    retryAt: now,
    error: { reason, message, attempt: 0 },
  };
}

async function decideAndDo(order: RunOrder, hostPath: string): Promise<View> {
  const { resource, stateDir, onNote } = order;
  const history = await readDaemonJournal(stateDir, { uid: resource.uid, hostPath });
  const { nodeName } = resource.spec;
  // Nobody deletes it here.
  const kept = { ...resource, spec: { ...resource.spec, deletionPolicy: 'Retain' as const } };
  const action = decide({ resource: kept, history, nodeName, now: systemClock.now() });
  switch (action.kind) {
    case 'publish':
      onNote("This node's daemon has made this content already; nothing was touched.");
      return await viewContent({ isThere: isDirectory }, action.entry);
    case 'recover':
      throw new ContentError('PathInUse', "this node's daemon is making this very content");
    case 'run':
      return await makeOneAttempt(order, hostPath, action.expected);
    case 'ignore':
    case 'protect':
    case 'finalize':
    case 'suspend':
    case 'give-up':
    case 'wait':
      throw new ContentError('Cancelled', 'the resource is suspended or being deleted');
  }
}

async function makeOneAttempt(
  { resource, secrets, dataRoot, stateDir, storage, sandbox, signal, onProgress, onNote }: RunOrder,
  destination: string,
  expected: Expected,
): Promise<View> {
  const plan = planContent(resource, secrets);
  await using state = await makeStateDir({ stateDir, onNote, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(`the state directory ${stateDir} cannot be used: ${why}`, { cause });
  });
  const environment = createRunEnvironment({ stateDir: state.path, sandbox });
  const engine = besideDaemon(createNodeEngine(dataRoot, environment, storage), stateDir);
  await engine.check(signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new SetupError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  const parts: AttemptParts = {
    engine,
    journal: await Journal.open(join(state.path, 'journal'), systemClock.now()),
    clock: systemClock,
    attemptBackoff,
    stopping: new AbortController().signal,
  };
  const order = { resource, plan, destination, expected, signal };
  const begun = await beginAttempt(parts, order);
  onNote(`Making ${destination}`);
  const entry = await carryOut(parts, order, begun, onProgress);
  if (entry.state === 'succeeded') return { kind: 'ready', entry };
  if (entry.dirty) onNote(`Something of the attempt stays in ${destination}.`);
  return { kind: 'failed', entry };
}

/**
 * A directory of this run alone, which the daemon leaves alone. It goes away with the run, unless it is
 * the record of something that could not be removed.
 */
async function makeStateDir({
  stateDir,
  onNote,
  signal,
}: Pick<RunOrder, 'stateDir' | 'onNote' | 'signal'>): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = join(stateDir, 'run', newUuid());
  // The sandbox passes through them as another user.
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  // Of calls that were killed, while no other is at work.
  await removeDeadRuns(createRunEnvironment({ stateDir }), signal);
  const share = await shareStateDir(stateDir, signal);
  try {
    await mkdir(path, { recursive: true, mode: 0o711 });
  } catch (error) {
    await share[Symbol.asyncDispose]();
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      if ((await listContainers({ stateDir: path })).length === 0) {
        await rm(path, { recursive: true, force: true });
      } else {
        onNote(
          `Something of the run stays behind; ${path} is the record of it, by which the next run or daemon removes it.`,
        );
      }
      // Another run may be at work beside it.
      await rmdir(dirname(path)).catch(() => undefined);
      await share[Symbol.asyncDispose]();
    },
  };
}
