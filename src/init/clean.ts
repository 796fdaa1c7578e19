/** Making a text from an untrusted program fit to be shown: redacted, without control characters, bounded. */
import { stripVTControlCharacters } from 'node:util';
import { createRedactor } from '../api/redact.ts';

/** What a program wrote, as much of it as was kept. */
export interface Captured {
  readonly text: string;
  /** Whether there was more than was kept. */
  readonly cut: boolean;
}

export interface Cleaner {
  /** At most `limit` UTF-16 units; line feeds and tabs are kept. */
  readonly text: (raw: string | Captured, limit: number) => string;
  /** The same on one line. */
  readonly line: (raw: string | Captured, limit: number) => string;
}

/** Control characters but for tab and line feed, and those that reorder or hide text. */
const unwanted = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function createCleaner(secrets: readonly string[]): Cleaner {
  const { redact, redactCut } = createRedactor(secrets);
  const text = (raw: string | Captured, limit: number): string => {
    const captured = typeof raw === 'string' ? { text: raw, cut: false } : raw;
    const visible = stripVTControlCharacters(redact(captured.text))
      .replaceAll(/\r\n?/g, '\n')
      .replaceAll(unwanted, '')
      .toWellFormed();
    // Once more: a secret with control characters strewn in has come together only now.
    const safe = captured.cut ? `${redactCut(visible)}…` : redact(visible);
    return shorten(safe.trim(), limit);
  };
  return { text, line: (raw, limit) => shorten(text(raw, limit).replaceAll(/\s+/g, ' '), limit) };
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
