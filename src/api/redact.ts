/** Taking secrets out of texts before anybody sees them. */
import type { RemoteContent } from './remote-content.ts';
import { redacted } from './secrets.ts';
import { printable } from './text.ts';

export interface Redactor {
  /** The text without any secret, however it is encoded. */
  readonly redact: (text: string) => string;
  /** The same for a text that was cut off: the beginning of a secret at its very end goes too. */
  readonly redactCut: (text: string) => string;
}

/**
 * Shorter values are redacted only where they stand by themselves. Replaced everywhere, a password `a`
 * would turn each text into one that cannot be read, and that gives the password away.
 */
const shortestAnywhere = 4;

/** Shorter pieces of base64 or lines of a secret would hit texts that have nothing to do with it. */
const shortestPiece = 8;

/** Credentials in a URL are never needed to understand it, whether they are known or not. */
const urlCredentials = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]*(?:@[^\s/?#@]*)*@/gi;

export function createRedactor(secrets: readonly string[]): Redactor {
  const known = [...new Set(secrets)].filter((secret) => secret.trim() !== '');
  const anywhere = known
    .filter((secret) => secret.length >= shortestAnywhere)
    .flatMap(variants)
    .sort((a, b) => b.length - a.length);
  const standalone = known
    .filter((secret) => secret.length < shortestAnywhere)
    .flatMap((secret) => [secret, ...escapedForms(secret)])
    .sort((a, b) => b.length - a.length);
  const patterns = [
    alternatives(anywhere),
    alternatives(standalone, String.raw`(?<![\p{L}\p{N}_])`, String.raw`(?![\p{L}\p{N}_])`),
  ].filter((pattern) => pattern !== undefined);

  const redact = (text: string): string =>
    patterns
      .reduce((result, pattern) => result.replace(pattern, redacted), text)
      .replace(urlCredentials, `$1${redacted}@`);
  return {
    redact,
    redactCut: (text) => withoutBeginning(redact(text), anywhere),
  };
}

/** What of a signed URL is a secret: all of it, its query, and each longer value there by itself. */
export function urlSecrets(url: string): string[] {
  const parsed = URL.parse(url);
  const values = [...(parsed?.searchParams.values() ?? [])].filter((value) => value.length >= 16);
  const query = parsed?.search.slice(1) ?? '';
  return [url, query, ...values, ...urlPasswords(url)].filter((value) => value !== '');
}

/** What of signed downloads is a secret. */
export function downloadSecrets(remoteContent: RemoteContent): string[] {
  return Object.values(remoteContent).flatMap(({ url, proxy }) => [
    ...urlSecrets(url),
    ...(proxy === undefined ? [] : urlPasswords(proxy)),
  ]);
}

/** The password in a URL, as it stands there and as it is meant. */
export function urlPasswords(url: string): string[] {
  const password = URL.parse(url)?.password ?? '';
  return password === '' ? [] : [password, decodeSafely(password)];
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The forms in which a secret may turn up in the output of a program that was given it. */
function variants(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).filter((line) => line.length >= shortestPiece);
  return [
    ...new Set(
      [secret, ...lines].flatMap((each) => [
        each,
        ...escapedForms(each),
        ...base64Forms(each),
        ...misreadForms(each),
      ]),
    ),
  ];
}

/** git takes what a server says without its encoding for Latin-1; words of a tool are made printable first. */
function misreadForms(secret: string): string[] {
  const misread = Buffer.from(secret).toString('latin1');
  const printed = [printable(secret), printable(misread)];
  return [misread, ...printed.filter((form) => form.length >= shortestAnywhere)];
}

function escapedForms(secret: string): string[] {
  const wellFormed = secret.toWellFormed();
  const strict = encodeURIComponent(wellFormed).replaceAll(/[!'()*~]/g, percentEncoded);
  const urlForms = [encodeURI(wellFormed), encodeURIComponent(wellFormed), strict]
    .flatMap((form) => [form, form.replaceAll('%20', '+')])
    .flatMap((form) => [form, form.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())]);
  const json = jsonString(secret);
  const jsonForms = [
    json,
    json.replaceAll('/', String.raw`\/`),
    json.replaceAll(/[^ -~]/g, jsonEscaped),
  ];
  // A request that is logged as JSON holds JSON in JSON.
  return [...urlForms, ...jsonForms, ...jsonForms.map(jsonString)];
}

function jsonString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function jsonEscaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * Base64 of the secret wherever it stands in what was encoded: `user:password` shifts the password's
 * bits by the length of the user's name. Only the characters that no neighbour changes are taken.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    const core = encoded.slice(first, last);
    if (core.length < shortestPiece) return [];
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function alternatives(words: readonly string[], before = '', after = ''): RegExp | undefined {
  if (words.length === 0) return undefined;
  return new RegExp(
    `${before}(?:${words.map((word) => RegExp.escape(word)).join('|')})${after}`,
    'gu',
  );
}

function withoutBeginning(text: string, secrets: readonly string[]): string {
  let end = text.length;
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > 0; length -= 1) {
      if (text.endsWith(secret.slice(0, length))) {
        end = Math.min(end, text.length - length);
        break;
      }
    }
  }
  return text.slice(0, end);
}
