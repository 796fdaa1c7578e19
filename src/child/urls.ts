import { ContentError } from '../api/errors.ts';

/** A name, an IPv4 address or a bracketed IPv6 address, and maybe a port, as all parsers read them. */
const authority = /^https?:\/\/((?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?)(?:[/?#]|$)/;

/**
 * Parses a URL that the program will open. Only http and https with a plain host and without user or
 * password are taken, and nothing that two parsers could read differently. Throws InvalidSpec that
 * names `field` and never quotes the URL, which may hold a secret.
 */
export function parseHttpUrl(text: string, field: string): URL {
  const refuse = (why: string): never => {
    throw new ContentError('InvalidSpec', `${field}: ${why}`);
  };
  if (text === '') return refuse('is missing');
  if (text.startsWith('-')) return refuse("must be a URL, and may not start with '-'");
  if (/[\u0000-\u0020\u007f\\]/.test(text)) {
    return refuse('holds a blank, a control character or a backslash; percent-encode it');
  }
  if (!/^https?:\/\//.test(text)) return refuse('must start with http:// or https://');
  const url = URL.parse(text);
  if (url === null) return refuse('is no URL');
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/?#]*@/i.test(text)) {
    return refuse('may not hold a user or a password; put them into a Secret');
  }
  if (!isPlain(url, text)) return refuse('must name a plain host, such as https://example.com/x');
  return url;
}

/** Whether the host stands in the text as it is meant; `0x7f.1` and `b%C3%BCcher` do not. */
function isPlain(url: URL, text: string): boolean {
  const written = authorityOf(text).toLowerCase();
  const defaultPort = url.protocol === 'https:' ? '443' : '80';
  return written === url.host || written === `${url.hostname}:${defaultPort}`;
}

/** Host and port as the text has them, which is how git names them to its credential helpers. */
export function authorityOf(text: string): string {
  return authority.exec(text)?.[1] ?? '';
}

/** A URL as messages may show it: without user, query and fragment, where secrets are. */
export function publicUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
