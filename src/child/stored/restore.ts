import { ContentError, type ErrorReason } from '../../api/errors.ts';
import type { StoredDownload } from '../../api/remote-content.ts';
import type { Transport } from '../archive/download/transport.ts';
import type { RunContext } from '../context.ts';
import { createDispatcher } from '../dispatcher.ts';
import type { Work } from '../initializers/step.ts';
import { publicUrl } from '../urls.ts';

export interface StoredArchive {
  readonly download: StoredDownload;
  /** Absolute path of a directory that belongs to the run's user. */
  readonly directory: string;
  /** Path of the step, for progress and warnings. */
  readonly step: string;
  /** What it means when the object went away since it was looked up. */
  readonly missing: ErrorReason;
}

/** Restores an archive from object storage, and tells how far it is. Throws as `restoreArchive`, and StorageRefused. */
export async function restoreStored(
  { download, directory, step, missing }: StoredArchive,
  context: RunContext,
  signal: AbortSignal,
): Promise<Work> {
  const [{ restoreArchive }, { undiciTransport }] = await Promise.all([
    import('../archive/restore.ts'),
    import('../archive/download/transport.ts'),
  ]);
  const { env, patience, clock, random, owner, idMappings, report } = context;
  const { url, size, etag, ...settings } = download;
  const dispatcher = await createDispatcher(env, patience, settings);
  try {
    const { bytes, warnings } = await restoreArchive({
      url: new URL(url),
      ...(size === undefined ? {} : { size }),
      missing,
      destination: directory,
      ...owner,
      idMappings,
      ...{ clock, random, signal, retry: patience.archiveRetry },
      transport: onlyVersion(undiciTransport(dispatcher), etag),
      onProgress: (progress) => report({ step, phase: 'Restoring', ...progress }),
    });
    return { size: bytes, warnings: warnings.map((warning) => `${step}: ${warning}`) };
  } catch (error) {
    throw asStorageFailure(error);
  } finally {
    await dispatcher.destroy();
  }
}

/** An entity tag that a server compares byte by byte. */
const strongTag = /^"[\x21\x23-\x7e]*"$/;

/** Asks for the object as it was when it was looked up. Its parts are asked for in this way anyway. */
function onlyVersion(transport: Transport, etag: string | undefined): Transport {
  if (etag === undefined || !strongTag.test(etag)) return transport;
  return async (request) => {
    const headers = { 'if-match': etag, ...request.headers };
    const response = await transport({ ...request, headers });
    if (response.status !== 412) return response;
    response.discard();
    throw new ContentError(
      'DownloadFailed',
      `could not download ${publicUrl(request.url)}: the object changed since it was looked up`,
    );
  };
}

/** The URL is this daemon's own: with a new signature, or when the store's rights are set right, it works. */
function asStorageFailure(error: unknown): unknown {
  if (!(error instanceof ContentError) || error.reason !== 'DownloadNotFound') return error;
  return new ContentError('StorageRefused', error.message, { cause: error });
}
