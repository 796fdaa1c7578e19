/** How far a run is, for people who watch it. */
import type { ContentProgress } from '../../api/protocol.ts';
import type { Output } from '../command.ts';
import { formatBytes } from './bytes.ts';

export interface ProgressView {
  show(progress: ContentProgress): void;
  /** Takes away what was drawn. */
  end(): void;
}

const barWidth = 24;
const redrawMs = 100;
const plainLineMs = 5000;

/** On a terminal one line that is drawn again and again; elsewhere a line for each phase, and now and then. */
export function createProgressView(
  output: Output,
  now: () => number = () => performance.now(),
): ProgressView {
  return output.isTTY === true ? new RedrawnLine(output, now) : new PlainLines(output, now);
}

class RedrawnLine implements ProgressView {
  readonly #output: Output;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  show(progress: ContentProgress): void {
    if (this.#now() - this.#drawnAt < redrawMs) return;
    this.#drawnAt = this.#now();
    const line = [bar(progress), describe(progress)].filter((part) => part !== '').join(' ');
    this.#output.write(`\r\u001B[K${line.slice(0, (this.#output.columns ?? 80) - 1)}`);
  }

  end(): void {
    if (this.#drawnAt > Number.NEGATIVE_INFINITY) this.#output.write('\r\u001B[K');
  }
}

class PlainLines implements ProgressView {
  readonly #output: Output;
  readonly #now: () => number;
  #writtenAt = 0;
  #phase = '';

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  show(progress: ContentProgress): void {
    const phase = `${progress.step} ${progress.phase ?? ''}`;
    if (phase === this.#phase && this.#now() - this.#writtenAt < plainLineMs) return;
    this.#phase = phase;
    this.#writtenAt = this.#now();
    this.#output.write(`${describe(progress)}\n`);
  }

  end(): void {}
}

function describe(progress: ContentProgress): string {
  const { step, phase, bytes, totalBytes } = progress;
  const part = partDone(progress);
  const size =
    bytes === undefined
      ? ''
      : `${formatBytes(bytes)}${totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`}`;
  const percent = part === undefined ? '' : `${Math.floor(part * 100)}%`;
  return [`${step}:`, phase ?? '', percent, size].filter((word) => word !== '').join(' ');
}

function bar(progress: ContentProgress): string {
  const part = partDone(progress);
  if (part === undefined) return '';
  const full = Math.round(part * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

/** 0 to 1. */
function partDone({ bytes, totalBytes, percent }: ContentProgress): number | undefined {
  if (percent !== undefined) return Math.min(1, Math.max(0, percent / 100));
  return bytes !== undefined && totalBytes !== undefined && totalBytes > 0
    ? Math.min(1, bytes / totalBytes)
    : undefined;
}
