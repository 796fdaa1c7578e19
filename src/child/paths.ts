import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { errorCode } from './fs-errors.ts';

/** A path below the destination, part by part; no part is empty, `.` or `..`. */
export type RelativePath = readonly string[];

/** Parses a directory below the destination; an empty text is the destination. Throws InvalidSpec. */
export function parseDirectory(text: string, field: string): RelativePath {
  if (text.startsWith('/')) throw invalid(field, 'must be relative to the content directory');
  if (text.startsWith('-')) throw invalid(field, "may not start with '-'");
  if (/[\u0000-\u001f\u007f]/.test(text)) throw invalid(field, 'holds a control character');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw invalid(field, "may not hold '..'; content stays inside of its directory");
  }
  return parts;
}

/** Parses the path of a file; it names at least one part. Throws InvalidSpec. */
export function parseFile(text: string, field: string): RelativePath {
  const parts = parseDirectory(text, field);
  if (parts.length === 0 || /(^|\/)\.?$/.test(text)) throw invalid(field, 'must name a file');
  return parts;
}

export interface MadeDirectory {
  readonly path: string;
  /** The directories that were not there before, the outermost first. */
  readonly created: readonly string[];
}

/**
 * Makes a directory below the destination, and those it lies in. Throws PathNotAllowed when a part of
 * it is a symbolic link or a file, which only an earlier step can have put there.
 */
export async function makeDirectory(root: string, parts: RelativePath): Promise<MadeDirectory> {
  const created: string[] = [];
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    if (await createdDirectory(path)) created.push(path);
    else await requireDirectory(path, root);
  }
  return { path, created };
}

/**
 * A directory below the destination, if it is there. Throws PathNotAllowed when a part of it is a symbolic
 * link or a file.
 */
export async function findDirectory(
  root: string,
  parts: RelativePath,
): Promise<string | undefined> {
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    try {
      await requireDirectory(path, root);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  return path;
}

/** Whether it was not there before. */
async function createdDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function requireDirectory(path: string, root: string): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory()) return;
  const what = found.isSymbolicLink() ? 'a symbolic link' : 'a file';
  throw new ContentError('PathNotAllowed', `${displayed(path, root)} is ${what}, not a directory`);
}

/** Removes the directories that a failed step made, as far as they are empty. */
export async function removeEmpty(created: readonly string[]): Promise<void> {
  for (const path of created.toReversed()) {
    await rmdir(path).catch(() => undefined);
  }
}

/** A path as messages show it: relative to the destination. */
export function displayed(path: string, root: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

function invalid(field: string, why: string): ContentError {
  return new ContentError('InvalidSpec', `${field}: ${why}`);
}
