/** What the child says, parsed. All of it is untrusted: nothing here throws, whatever the input. */
import { ContentError, isErrorReason } from '../api/errors.ts';
import {
  metricTypes,
  sources,
  type ContentProgress,
  type ContentReport,
  type StepMetric,
} from '../api/protocol.ts';
import type { Captured, Cleaner } from './clean.ts';

/** Bounds of the resource's status, less the room that the remedy takes. */
const messageLength = 16_384;
const stepLength = 256;
const phaseLength = 64;
const warningLength = 2048;
const maxWarnings = 16;
const maxMetrics = 256;

/** Why the child failed, from fd 3: a JSON object {reason, message, step} or plain text. */
export function parseFailure(raw: Captured, cleaner: Cleaner): ContentError {
  const text = raw.text.trim();
  const failure = text.startsWith('{') && !raw.cut ? parseObject(text) : undefined;
  const message =
    failure === undefined
      ? cleaner.text(raw.cut ? raw : text, messageLength)
      : cleaner.text(asString(failure['message']), messageLength);
  if (message === '' || (text.startsWith('{') && failure === undefined)) {
    return new ContentError('InternalError', unreadable(message));
  }
  const reason = failure?.['reason'];
  const step = cleaner.line(asString(failure?.['step']), stepLength);
  return new ContentError(
    isErrorReason(reason) ? reason : 'InternalError',
    message,
    step === '' ? {} : { step },
  );
}

/**
 * What the child did, from fd 4. What cannot be read is left out with a warning: the content is there,
 * and figures are no reason to call it a failure.
 */
export function parseReport(raw: Captured, cleaner: Cleaner): ContentReport {
  const report = raw.cut ? undefined : parseObject(raw.text);
  if (report === undefined) {
    return {
      source: 'from-other',
      metrics: [],
      warnings: ['the metrics of the run could not be read'],
    };
  }
  const rows = asArray(report['metrics']);
  const metrics = rows
    .slice(0, maxMetrics)
    .map((row) => parseMetric(row, cleaner))
    .filter((metric) => metric !== undefined);
  const warnings = asArray(report['warnings'])
    .slice(0, maxWarnings)
    .map((warning) => cleaner.text(asString(warning), warningLength))
    .filter((warning) => warning !== '');
  const source = sources.find((each) => each === report['source']);
  if (source === undefined) warnings.unshift('the source of the content could not be read');
  const lost = rows.length - metrics.length;
  if (lost > 0) warnings.unshift(`${lost} of ${rows.length} metrics of the run could not be read`);
  return { source: source ?? 'from-other', metrics, warnings: warnings.slice(0, maxWarnings) };
}

/** One line of fd 5; undefined when it is not a progress. */
export function parseProgress(line: string, cleaner: Cleaner): ContentProgress | undefined {
  const progress = parseObject(line);
  const step = cleaner.line(asString(progress?.['step']), stepLength);
  if (progress === undefined || step === '') return undefined;
  const phase = cleaner.line(asString(progress['phase']), phaseLength);
  const bytes = asCount(progress['bytes']);
  const totalBytes = asCount(progress['totalBytes']);
  const percent = progress['percent'];
  return {
    step,
    ...(phase === '' ? {} : { phase }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(totalBytes === undefined ? {} : { totalBytes }),
    ...(typeof percent === 'number' && percent >= 0 && percent <= 100 ? { percent } : {}),
  };
}

function parseMetric(row: unknown, cleaner: Cleaner): StepMetric | undefined {
  if (!isObject(row)) return undefined;
  const path = cleaner.line(asString(row['path']), stepLength);
  const type = metricTypes.find((each) => each === row['type']);
  const duration = asCount(row['duration']);
  const size = asCount(row['size']);
  if (path === '' || type === undefined || duration === undefined || size === undefined) {
    return undefined;
  }
  return { path, type, duration, size };
}

function unreadable(said: string): string {
  const words = said === '' ? 'it gave no reason' : `it said: ${said}`;
  return `failed to read content initializer response: the program in the sandbox failed, but ${words}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asString(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A whole number from 0 up that a double holds exactly. */
function asCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}
