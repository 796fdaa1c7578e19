/** The resources as rows of text. Pure. */
import type { KubeObject } from '../../test/control-plane/client.ts';
import type { WorkspaceContentStatus } from '../../src/api/types.generated.ts';

export interface Row {
  readonly name: string;
  readonly ready: string;
  readonly reason: string;
  readonly source: string;
  readonly duration: string;
  readonly age: string;
  readonly progress: string;
}

export interface Content extends KubeObject {
  status?: WorkspaceContentStatus;
}

const headings: Row = {
  name: 'NAME',
  ready: 'READY',
  reason: 'REASON',
  source: 'SOURCE',
  duration: 'DURATION',
  age: 'AGE',
  progress: 'PROGRESS',
};

export function readyCondition(
  content: Content,
): { status: string; reason: string; message: string } | undefined {
  return content.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** Whether no daemon will do anything more about it by itself. */
export function isSettled(content: Content): boolean {
  return content.status?.phase === 'Ready' || content.status?.phase === 'Failed';
}

/** `now` in milliseconds since the epoch. */
export function rowOf(content: Content, now: number): Row {
  const { status } = content;
  const ready = readyCondition(content);
  return {
    name: content.metadata.name,
    ready: ready?.status ?? '',
    reason: ready?.reason ?? 'Pending',
    source: status?.source ?? '',
    duration: status?.duration ?? '',
    age: ageOf(String(content.metadata['creationTimestamp']), now),
    progress: progressOf(status),
  };
}

/** Lines with a heading; a column is as wide as its widest cell. */
export function renderTable(rows: readonly Row[]): string[] {
  const keys = Object.keys(headings) as (keyof Row)[];
  const all = [headings, ...rows];
  const widths = keys.map((key) => Math.max(...all.map((row) => row[key].length)));
  return all.map((row) =>
    keys
      .map((key, index) => row[key].padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

function ageOf(created: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(created)) / 1000));
  if (Number.isNaN(seconds)) return '';
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m`;
}

function progressOf(status: WorkspaceContentStatus | undefined): string {
  const { step, phase, percent, bytes, totalBytes } = status?.progress ?? {};
  const part =
    percent ?? (bytes !== undefined && totalBytes ? (100 * bytes) / totalBytes : undefined);
  return [step, phase, part === undefined ? undefined : `${Math.floor(part)}%`]
    .filter((word) => word !== undefined)
    .join(' ');
}
