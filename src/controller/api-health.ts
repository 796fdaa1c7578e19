import { createRedactor } from '../api/redact.ts';
import { ApiError } from './api-error.ts';
import type { ListWatch } from './list-watch.ts';
import type { StatusWriter } from './status-writer.ts';
import { shorten } from './text.ts';

/** A short blip is nobody's business; a silent watch is borne with for two and a half minutes. */
const failingMs = 60_000;
const silentMs = 180_000;

const longestError = 400;

/** What to do about an answer that no retry mends. */
const remedies: Readonly<Record<number, string>> = {
  401: 'the credentials are refused: see the kubeconfig or the service account token',
  403: 'the rights are missing: apply deploy/rbac.yaml',
  404: 'the resource is unknown: apply deploy/crds',
};

/**
 * Why nothing new is heard from the API server, for people; undefined while it is. The text holds
 * no credentials: /readyz is open to who can reach it.
 */
export function unheard(
  { lastSync, trouble }: Pick<ListWatch, 'lastSync' | 'trouble'>,
  now: number,
): string | undefined {
  const why = trouble === undefined ? '' : `: ${describe(trouble)}`;
  if (lastSync === undefined) return `the API server has not been heard yet${why}`;
  const ms = now - lastSync;
  if (ms < (trouble === undefined ? silentMs : failingMs)) return undefined;
  return `the API server was last heard ${Math.floor(ms / 1000)} s ago${why}`;
}

/** Why nobody learns what the daemon does, for people; undefined while statuses are written. */
export function unsaid(
  { refusal }: Pick<StatusWriter, 'refusal'>,
  now: number,
): string | undefined {
  if (refusal === undefined || now - refusal.since < failingMs) return undefined;
  const seconds = Math.floor((now - refusal.since) / 1000);
  return `no status could be written for ${seconds} s: ${describe(refusal.error)}`;
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const open = createRedactor([])
    .redact(text)
    .replaceAll(/\b(bearer|basic)\s+\S+/gi, '$1 ***');
  const remedy = error instanceof ApiError ? remedies[error.status] : undefined;
  return `${shorten(open, longestError)}${remedy === undefined ? '' : ` (${remedy})`}`;
}
