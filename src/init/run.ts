/** The host side of one run: a resource's content is made in its destination by a program in a sandbox. */
import { ContentError, type ErrorReason } from '../api/errors.ts';
import type { ContentPlan } from '../api/plan.ts';
import {
  defaultLimits,
  destinationInSandbox,
  type ContentLimits,
  type ContentProgress,
  type ContentReport,
  type ContentRequest,
} from '../api/protocol.ts';
import { downloadSecrets, urlPasswords } from '../api/redact.ts';
import type { RemoteContent } from '../api/remote-content.ts';
import { closedDirectory, makeBundle } from './bundle.ts';
import { createCleaner, type Cleaner } from './clean.ts';
import { cleanUp } from './clean-up.ts';
import { containerExists, containerId, removeContainer } from './containers.ts';
import { takeOwnership, type DestinationOwner } from './destination.ts';
import type { RunEnvironment } from './environment.ts';
import { withFreeSpace } from './free-space.ts';
import { planNetwork, specNetwork } from './network/plan.ts';
import { explainByNetwork } from './network/refused.ts';
import { connectNetwork } from './network/network.ts';
import { assertNothingMountedIn } from './mounts-below.ts';
import { hasMade, hasSpoken, judge } from './outcome.ts';
import { explainByLimits } from './reached-limits.ts';
import { createRunLog, maxLineLength } from './run-log.ts';
import { runSandbox, type SandboxResult } from './sandbox.ts';
import { proxyUrls } from './sandbox-environment.ts';

export { createRunEnvironment, type RunEnvironment } from './environment.ts';

/** What to run: the plan of the content, whose secrets nothing that comes out of the run holds. */
export interface RunRequest extends Omit<ContentPlan, 'namespace' | 'timeoutMs' | 'storage'> {
  /** Of the resource; names container and bundle. */
  readonly uid: string;
  readonly attempt: number;
  /** Absolute path on the node, made by prepareDestination. */
  readonly destination: string;
  /** Remove what is in the destination before. */
  readonly cleanSlate: boolean;
  /** Signed downloads by name. Their URLs, and the passwords of their proxies, count as secrets. */
  readonly remoteContent?: RemoteContent;
  readonly limits?: ContentLimits;
}

export interface RunOptions {
  /** Ends the run; its reason is thrown, if it is a ContentError. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ContentProgress) => void;
}

export interface RunResult {
  readonly report: ContentReport;
  /** Of the whole run, integer nanoseconds. */
  readonly duration: number;
}

/**
 * Runs the initializer to its end. Throws a ContentError, and nothing else, when the content was not
 * made. Either way no process, mount, cgroup or file of the run stays behind but for the content.
 * A container that an earlier run of the same resource left is removed first; two runs of one
 * resource at a time are the caller's to prevent.
 */
export async function runInitializer(
  request: RunRequest,
  environment: RunEnvironment,
  { signal, onProgress }: RunOptions,
): Promise<RunResult> {
  const started = environment.now();
  const id = containerId(request.uid);
  const cleaner = createCleaner(secretsOf(request, environment));
  const log = createRunLog(environment.log, cleaner, {
    ...request.owner,
    container: id,
    attempt: request.attempt,
  });
  let atRest = !containerExists(environment, id);
  try {
    throwIfAborted(signal);
    if (!atRest) await removeEarlier(environment, id, signal);
    atRest = true;
    const { destination } = request;
    // The sandbox gets all that is mounted in it as well.
    if (request.cleanSlate) await assertNothingMountedIn(destination);
    await takeOwnership(destination, ownerOf(request));
    const network = planNetwork(request, environment.sandbox.network);
    const joined = specNetwork(network, environment, id);
    await makeBundle(environment, id, { destination, network: joined, ...ownerOf(request) });
    if (typeof network !== 'string') await connectNetwork(environment, id, network, signal);
    throwIfAborted(signal);
    atRest = false;
    const input = JSON.stringify(toContentRequest(request));
    const result = await runSandbox(environment, id, {
      input,
      cleaner,
      log,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const { ending, said } = result;
    atRest = !signal.aborted && hasSpoken(ending, said);
    // A run that came to its end before the abort did has made the content: that is what counts.
    if (!hasMade(ending, said)) throwIfAborted(signal);
    const report = await conclude(id, result, cleaner, environment, signal);
    return { report, duration: Math.round((environment.now() - started) * 1e6) };
  } catch (error) {
    if (error === signal.reason) throwIfAborted(signal);
    throw await toContentError(error, environment, cleaner, request.destination);
  } finally {
    await cleanUp(environment, id, { atRest, signal, log });
  }
}

/** What a run left that could not clean up. */
async function removeEarlier(
  environment: RunEnvironment,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await removeContainer(environment, id, { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

async function conclude(
  id: string,
  { ending, said, traces, reached }: SandboxResult,
  cleaner: Cleaner,
  environment: RunEnvironment,
  signal: AbortSignal,
): Promise<ContentReport> {
  try {
    return judge(ending, said, traces, cleaner);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    const failure = explainByLimits(error, reached, environment.sandbox.limits);
    throw await explainByNetwork(failure, environment, id, signal);
  }
}

function toContentRequest(request: RunRequest): ContentRequest {
  return {
    destination: destinationInSandbox,
    initializer: Buffer.from(request.initializer).toString('base64'),
    remoteContent: request.remoteContent ?? {},
    idMappings: request.idMappings,
    ...ownerOf(request),
    owner: request.owner,
    cleanSlate: request.cleanSlate,
    limits: request.limits ?? defaultLimits,
  };
}

function secretsOf(request: RunRequest, environment: RunEnvironment): string[] {
  const signed = downloadSecrets(request.remoteContent ?? {});
  const proxies = proxyUrls(environment.variables).flatMap(urlPasswords);
  return [...request.secrets, ...signed, ...proxies];
}

function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof ContentError) throw reason;
  throw new ContentError('Cancelled', 'the run was cancelled', { cause: reason });
}

/** 0 stands for the usual user of a workspace. */
function ownerOf({ runAsUser, runAsGroup }: RunRequest): DestinationOwner {
  return { uid: runAsUser || 33333, gid: runAsGroup || 33333 };
}

/** What is prepared lies in the state directory. */
const preparationReasons: Readonly<Record<string, ErrorReason | undefined>> = {
  ENOSPC: 'StateUnwritable',
  EDQUOT: 'StateUnwritable',
  EROFS: 'StateUnwritable',
  EIO: 'StateUnwritable',
  EMFILE: 'TooManyOpenFiles',
  ENFILE: 'TooManyOpenFiles',
};

async function toContentError(
  error: unknown,
  environment: RunEnvironment,
  cleaner: Cleaner,
  destination: string,
): Promise<ContentError> {
  const failure =
    error instanceof ContentError
      ? await withFreeSpace(error, destination)
      : new ContentError(
          preparationReasons[errnoOf(error)] ?? 'SandboxFailed',
          `the sandbox could not be prepared: ${cleaner.line(String(error), maxLineLength)}`,
          { cause: error },
        );
  if (failure.reason !== 'SandboxFailed' || !failure.message.includes('permission denied')) {
    return failure;
  }
  const closed = await closedDirectory(environment.stateDir);
  if (closed === undefined) return failure;
  return new ContentError(
    'SandboxFailed',
    `${failure.message} (the sandbox has to pass through ${closed}, which is closed to others: chmod o+x it, or use another state directory)`,
    { cause: failure },
  );
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
