import { type ApiError, ApiUnavailable, toApiError } from './api-error.ts';
import { isRecord } from '../api/record.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown }
  | { readonly type: 'ERROR'; readonly error: ApiError };

/** Throws ApiUnavailable for what is no event, and answers undefined for types it does not know. */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new ApiUnavailable('the watch sent a line that is no JSON', { cause });
  }
  if (!isRecord(event) || typeof event['type'] !== 'string') {
    throw new ApiUnavailable('the watch sent a line that is no event');
  }
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type, object };
    case 'ERROR': {
      const code = isRecord(object) ? object['code'] : undefined;
      return { type, error: toApiError('watch', typeof code === 'number' ? code : 0, object) };
    }
    default:
      return undefined;
  }
}

/** Of an object or of a list; empty when it has none. */
export function resourceVersionOf(object: unknown): string {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' ? version : '';
}
