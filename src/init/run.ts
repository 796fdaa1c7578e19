/** The host side of one run: a resource's content is made in its destination by a program in a sandbox. */
import { existsSync } from 'node:fs';
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
import { closedDirectory, makeBundle, removeBundle } from './bundle.ts';
import { createCleaner, type Cleaner } from './clean.ts';
import { containerExists, containerId, removeContainer } from './containers.ts';
import { takeOwnership, type DestinationOwner } from './destination.ts';
import { containerPaths, type RunEnvironment } from './environment.ts';
import { withFreeSpace } from './free-space.ts';
import { judge } from './outcome.ts';
import { createRunLog, maxLineLength, type RunLog } from './run-log.ts';
import { runSandbox } from './sandbox.ts';
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
  let atRest = true;
  try {
    throwIfAborted(signal);
    if (containerExists(environment, id)) await removeContainer(environment, id);
    const { destination } = request;
    await takeOwnership(destination, ownerOf(request));
    await makeBundle(environment, id, { destination, ...ownerOf(request) });
    throwIfAborted(signal);
    atRest = false;
    const input = JSON.stringify(toContentRequest(request));
    const { ending, said } = await runSandbox(environment, id, {
      input,
      cleaner,
      log,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    atRest = !signal.aborted;
    // A run that came to its end before the abort did has made the content: that is what counts.
    if (!('exitCode' in ending && ending.exitCode === 0)) throwIfAborted(signal);
    const report = judge(ending, said, cleaner);
    return { report, duration: Math.round((environment.now() - started) * 1e6) };
  } catch (error) {
    throw await toContentError(error, environment, cleaner, request.destination);
  } finally {
    await cleanUp(environment, id, atRest, log);
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

/** @param atRest whether there was no container, or it came to its end by itself and runc removed it */
async function cleanUp(
  environment: RunEnvironment,
  id: string,
  atRest: boolean,
  log: RunLog,
): Promise<void> {
  try {
    const left = !atRest || existsSync(containerPaths(environment, id).runcState);
    await (left ? removeContainer(environment, id) : removeBundle(environment, id));
  } catch (error) {
    log.error('something of the run stays behind', error);
  }
}
