import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ContentError, type ErrorReason } from '../../src/api/errors.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import { decodeInitializer, type InitializerMessage } from '../../src/api/initializer.ts';
import type { StoredDownload } from '../../src/api/remote-content.ts';
import { collectRemoteContent, type CollectRequest } from '../../src/storage/collect.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import { fastEnvironment, never } from './support.ts';

/** As it comes from a resource: through the wire format. */
const decoded = (message: InitializerMessage): InitializerMessage =>
  decodeInitializer(contentservice.WorkspaceInitializer.encode(message).finish());

export const snapshot = (name: string): InitializerMessage => ({ snapshot: { snapshot: name } });
export const prebuild = (name: string): InitializerMessage => ({
  prebuild: { prebuild: { snapshot: name }, git: [{ remoteUri: 'x' }] },
});
export const composite = (...initializer: InitializerMessage[]): InitializerMessage => ({
  composite: { initializer },
});
export const bob = { owner: 'bob', workspaceID: 'two', instanceID: 'i' };

export async function collect(
  initializer: InitializerMessage,
  config: StorageConfig | undefined,
  changes: Partial<CollectRequest> = {},
  environment = fastEnvironment(),
): Promise<Record<string, StoredDownload>> {
  const wanted = {
    initializer: decoded(initializer),
    ...{ owner: bob, namespace: 'team-a', timeoutMs: 60_000 },
    ...changes,
  };
  return await collectRemoteContent(wanted, config, never(), environment);
}

export const failed =
  (reason: ErrorReason, message: RegExp | string, step?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ContentError, inspect(error));
    assert.deepEqual([error.reason, error.step], [reason, step], error.message);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /X-Amz-/);
    return true;
  };
