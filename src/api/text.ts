/** What comes from elsewhere (a tool, a server, an exception) made fit for a message. */

/** All control characters but line ends, and those that change the direction of writing. */
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Control characters become blanks, runs of blanks one. Line ends stay. */
export function printable(text: string): string {
  return text
    .replace(control, ' ')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

/** The beginning of a text, at most `limit` characters. */
export function bounded(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** The end of a text, at most `limit` characters. */
export function boundedEnd(text: string, limit: number): string {
  return text.length <= limit ? text : `…${text.slice(text.length - limit + 1)}`;
}
