/** People who work in the content as soon as they may, and who notice what becomes of their files. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  type BigIntStats,
  chownSync,
  lstatSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What a file has to stay as: the same file with the same content, that nobody has touched. */
interface Kept {
  readonly path: string;
  readonly since: Since;
  readonly inode: bigint;
  readonly changed: bigint;
  readonly digest: string;
}

/** Two sorts of people: those who wait for the status, and those who wait for the ready file. */
export type Since = 'status' | 'ready file';

const workspaceUser = 33333;

export class People {
  readonly #kept: Kept[] = [];
  /** Content that went away under their hands. */
  readonly #lost: { readonly since: Since; readonly why: string }[] = [];

  /** Adds a file, and edits one that came with the content. */
  workIn(content: string, edited: string | undefined): void {
    this.#try('status', () => {
      this.#write(join(content, 'work.txt'), `work of days in ${content}\n`, 'status');
      if (edited !== undefined) {
        const path = join(content, edited);
        appendFileSync(path, 'edited\n');
        this.#keep(path, 'status');
      }
      // Nobody writes it, but a second run would.
      this.#keep(join(content, '.gitpod/ready'), 'status');
    });
  }

  hurryInto(content: string): void {
    this.#try('ready file', () => {
      this.#write(join(content, 'hasty.txt'), `written at once in ${content}\n`, 'ready file');
    });
  }

  count(since: Since): number {
    return this.#kept.filter((each) => each.since === since).length;
  }

  /** What became of their files, in words; empty when all are as they were left. */
  findLosses(since: Since): string[] {
    const broken = this.#kept.flatMap((each) => {
      const why = lossOf(each);
      return why === undefined ? [] : [{ since: each.since, why: `${each.path}: ${why}` }];
    });
    return [...this.#lost, ...broken].filter((each) => each.since === since).map(({ why }) => why);
  }

  #try(since: Since, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#lost.push({ since, why: `nobody could work in it: ${String(error)}` });
    }
  }

  #write(path: string, text: string, since: Since): void {
    writeFileSync(path, text);
    chownSync(path, workspaceUser, workspaceUser);
    this.#keep(path, since);
  }

  #keep(path: string, since: Since): void {
    const { ino, ctimeNs } = statOf(path);
    this.#kept.push({ path, since, inode: ino, changed: ctimeNs, digest: digestOf(path) });
  }
}

function lossOf({ path, inode, changed, digest }: Kept): string | undefined {
  try {
    const { ino, ctimeNs } = statOf(path);
    if (digestOf(path) !== digest) return 'has another content';
    if (ino !== inode) return 'is another file with the same content';
    return ctimeNs === changed ? undefined : 'was touched';
  } catch (error) {
    return `is lost: ${String(error)}`;
  }
}

function statOf(path: string): BigIntStats {
  return lstatSync(path, { bigint: true });
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
