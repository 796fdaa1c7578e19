import { isRecord } from '../api/record.ts';
import { resourceVersionOf } from './watch-event.ts';

export interface ListPage {
  readonly items: readonly unknown[];
  readonly continue: string;
  readonly resourceVersion: string;
}

/** Throws an error for an answer that is no list. */
export function parsePage(answer: unknown): ListPage {
  const items = isRecord(answer) ? answer['items'] : undefined;
  const resourceVersion = resourceVersionOf(answer);
  if (!isRecord(answer) || !Array.isArray(items) || resourceVersion === '') {
    throw new Error('the API server answered something that is no list');
  }
  const metadata = isRecord(answer['metadata']) ? answer['metadata'] : {};
  const token = metadata['continue'];
  return { items, resourceVersion, continue: typeof token === 'string' ? token : '' };
}
