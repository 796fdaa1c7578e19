import { readSync } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import { ContentError } from '../api/errors.ts';
import type { ContentLimits, ContentOwner, ContentRequest, IdMapping } from '../api/protocol.ts';
import type { StoredDownload } from '../api/remote-content.ts';
import { errorCode } from './fs-errors.ts';

/** A request is small; more than this is no request. */
const maxRequestBytes = 4 * 1024 * 1024;
const highestId = 2 ** 32 - 2;

/** Reads standard input to its end. Throws InternalError when there is no end in sight. */
export function readRequest(fd: number, read: typeof readSync = readSync): string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024);
    const length = readChunk(fd, chunk, read);
    if (length === 0) return Buffer.concat(chunks).toString('utf8');
    bytes += length;
    if (bytes > maxRequestBytes) throw malformed('it is too long');
    chunks.push(chunk.subarray(0, length));
  }
}

function readChunk(fd: number, chunk: Buffer, read: typeof readSync): number {
  for (;;) {
    try {
      return read(fd, chunk);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      // Another holder of the pipe made it non-blocking; there is nothing else to do meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Parses what the host handed over. Throws InternalError that names the field, never its value. */
export function parseRequest(text: string): ContentRequest {
  const request = record(parseJson(text), 'it');
  return {
    destination: destination(request['destination']),
    initializer: base64(request['initializer']),
    remoteContent: remoteContent(request['remoteContent']),
    idMappings: list(request['idMappings'], 'idMappings').map(idMapping),
    uid: id(request['uid'], 'uid'),
    gid: id(request['gid'], 'gid'),
    owner: owner(request['owner']),
    cleanSlate: boolean(request['cleanSlate'], 'cleanSlate'),
    limits: limits(request['limits']),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the text, which holds secrets.
    throw malformed('it is no JSON');
  }
}

function destination(value: unknown): string {
  const path = string(value, 'destination');
  if (!isAbsolute(path) || path === '/' || path.includes('\0') || normalize(path) !== path) {
    throw malformed('destination is no plain absolute path');
  }
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function base64(value: unknown): string {
  const text = string(value, 'initializer');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new ContentError('InvalidSpec', 'the initializer is no base64');
  }
  return text;
}

function remoteContent(value: unknown): Record<string, StoredDownload> {
  const entries = Object.entries(record(value, 'remoteContent'));
  return Object.fromEntries(entries.map(([name, entry]) => [name, storedDownload(entry)]));
}

function storedDownload(value: unknown): StoredDownload {
  const { url, size, etag, ca, proxy, ...others } = record(value, 'remoteContent');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw malformed('remoteContent has an unknown field');
  return {
    url: httpUrl(url, 'remoteContent.url'),
    ...(size === undefined ? {} : { size: count(size, 'remoteContent.size') }),
    ...(etag === undefined ? {} : { etag: header(etag, 'remoteContent.etag') }),
    ...(ca === undefined ? {} : { ca: string(ca, 'remoteContent.ca') }),
    ...(proxy === undefined ? {} : { proxy: httpUrl(proxy, 'remoteContent.proxy') }),
  };
}

function httpUrl(value: unknown, name: string): string {
  const text = string(value, name);
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) throw malformed(`${name} is no http URL`);
  return text;
}

/** What may stand in a header of HTTP. */
function header(value: unknown, name: string): string {
  const text = string(value, name);
  if (!/^[\x20-\x7e]*$/.test(text)) throw malformed(`${name} is no value of a header`);
  return text;
}

function idMapping(value: unknown): IdMapping {
  const { containerID, hostID, size } = record(value, 'idMappings');
  return {
    containerID: id(containerID, 'idMappings.containerID'),
    hostID: id(hostID, 'idMappings.hostID'),
    size: count(size, 'idMappings.size'),
  };
}

function owner(value: unknown): ContentOwner {
  const fields = record(value, 'owner');
  return {
    owner: string(fields['owner'], 'owner.owner'),
    workspaceID: string(fields['workspaceID'], 'owner.workspaceID'),
    instanceID: string(fields['instanceID'], 'owner.instanceID'),
  };
}

function limits(value: unknown): ContentLimits {
  const { downloadBytes, compositeDepth, steps } = record(value, 'limits');
  return {
    downloadBytes: count(downloadBytes, 'limits.downloadBytes'),
    compositeDepth: count(compositeDepth, 'limits.compositeDepth'),
    steps: count(steps, 'limits.steps'),
  };
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${name} is no object`);
  }
  return { ...value };
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(`${name} is no list`);
  return value;
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw malformed(`${name} is no string`);
  return value;
}

function boolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw malformed(`${name} is neither true nor false`);
  return value;
}

function count(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(`${name} is no count`);
  }
  return value;
}

function id(value: unknown, name: string): number {
  const number = count(value, name);
  if (number > highestId) throw malformed(`${name} is no user or group ID`);
  return number;
}

function malformed(why: string): ContentError {
  return new ContentError('InternalError', `the sandbox was handed a malformed request: ${why}`);
}
