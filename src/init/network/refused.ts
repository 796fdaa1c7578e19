/** What a run failed with, when the reason behind it is that the network refused it the way. */
import { existsSync } from 'node:fs';
import { ContentError, type ErrorReason } from '../../api/errors.ts';
import { containerPaths, type RunEnvironment } from '../environment.ts';
import { networkName } from './network.ts';
import { runTool } from './tools.ts';

/** What a server that does not answer leads to. */
const unanswered: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  'GitRemoteUnavailable',
  'DownloadFailed',
  'StorageUnavailable',
]);

/** The failure as it is, or NetworkRefused that names the addresses. */
export async function explainByNetwork(
  failure: ContentError,
  environment: RunEnvironment,
  id: string,
  signal: AbortSignal,
): Promise<ContentError> {
  if (!unanswered.has(failure.reason)) return failure;
  const addresses = await readRefused(environment, id, signal);
  if (addresses.length === 0) return failure;
  const what = `the sandbox's network refuses the way to ${addresses.join(', ')}`;
  return new ContentError('NetworkRefused', `${what}: ${failure.message}`, {
    cause: failure,
    ...(failure.step === undefined ? {} : { step: failure.step }),
  });
}

async function readRefused(
  environment: RunEnvironment,
  id: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (!existsSync(containerPaths(environment, id).network)) return [];
  const args = ['-j', 'list', 'set', 'inet', networkName(environment, id), 'refused'];
  const text = await runTool(environment, 'nft', args, '', signal).catch(() => '');
  return [...text.matchAll(/"(\d+\.\d+\.\d+\.\d+)"/g)].map(([, address = '']) => address);
}
