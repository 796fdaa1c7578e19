import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { InputError } from '../problems.ts';

/** Bytes; the API server takes no resource beyond 1.5 MiB. */
const maxBytes = 4 * 1024 * 1024;

/** The text of a file, or of standard input where the name is `-`. Throws InputError. */
export async function readInput(file: string, stdin: Readable): Promise<string> {
  const name = inputName(file);
  const stream = file === '-' ? stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk as Uint8Array | string);
      size += bytes.length;
      if (size > maxBytes) throw new InputError(`${name}: is larger than ${maxBytes} bytes`);
      chunks.push(bytes);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: ${describe(error)}`);
  }
}

/** What messages call the input. */
export function inputName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'is a directory, not a file',
    EACCES: 'may not be read by this user',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
  };
  return words[code ?? ''] ?? message;
}
