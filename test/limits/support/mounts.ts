/** File systems with a limit, made for one test and gone with it. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { clearDirectory } from '../../../src/controller/clear-directory.ts';
import { createTempDir } from '../../support/temp.ts';

export interface Mounted extends AsyncDisposable {
  readonly path: string;
  /** Such as `ro` or `size=8m`. */
  remount(options: string): Promise<void>;
}

/** A tmpfs, whose size and number of inodes are limits that the kernel keeps. */
export async function mountTmpfs(path: string, options: string): Promise<Mounted> {
  await mkdir(path, { recursive: true });
  await execa('mount', ['-t', 'tmpfs', '-o', `mode=755,${options}`, 'wsc-test', path]);
  return mounted(path);
}

/**
 * An ext4 on a loop device, in which `damaged` (a directory that is there, from the root on) cannot be
 * read: its block lies behind the end of the device's file, so that the kernel answers EIO.
 */
export async function mountDamaged(
  path: string,
  image: string,
  prepare: (path: string) => Promise<void>,
  damaged: string,
): Promise<Mounted> {
  const size = 8 * 1024 * 1024;
  const blockSize = 1024;
  await mkdir(path, { recursive: true });
  await using file = await open(image, 'w');
  await file.truncate(size);
  // It is filled without a mount: one that a sandbox elsewhere happens to have a copy of outlives its
  // umount, and then the next is the same file system, which does not read again what has changed.
  await prepare(path);
  // Without extents the place of a directory's block is a number in its inode.
  const features = '^has_journal,^extent,^64bit,^metadata_csum,^dir_index';
  const options = ['-q', '-F', '-b', String(blockSize), '-O', features, '-d', path];
  await execa('mkfs.ext4', [...options, image]);
  await clearDirectory(path, new AbortController().signal);
  const last = size / blockSize - 1;
  const commands = `${image}.debugfs`;
  await writeFile(commands, `set_inode_field ${damaged} block[0] ${last}\n`);
  await execa('debugfs', ['-w', '-f', commands, image]);
  await execa('mount', ['-o', 'loop', image, path]);
  // Only now, since the kernel mounts nothing on a device that is too small.
  await file.truncate(size - 64 * blockSize);
  return mounted(path);
}

export interface Freezable extends AsyncDisposable {
  /** Until it is disposed of, who writes there waits and cannot be killed, as on a disk that hangs. */
  freeze(): Promise<AsyncDisposable>;
}

/** An ext4 on a loop device. */
export async function mountFreezable(path: string, image: string): Promise<Freezable> {
  await mkdir(path, { recursive: true });
  await using file = await open(image, 'w');
  await file.truncate(8 * 1024 * 1024);
  await execa('mkfs.ext4', ['-q', '-F', image]);
  await execa('mount', ['-o', 'loop', image, path]);
  return {
    async freeze() {
      await execa('fsfreeze', ['--freeze', path]);
      let frozen = true;
      return {
        async [Symbol.asyncDispose]() {
          if (frozen) await execa('fsfreeze', ['--unfreeze', path]);
          frozen = false;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await execa('umount', [path]);
    },
  };
}

/** For whoever comes by its path, while files in it may be open for writing, as when a disk breaks. */
export async function makeReadOnly(path: string): Promise<void> {
  await using aside = await createTempDir();
  await execa('mount', ['--bind', path, aside.path]);
  try {
    // Here nobody has a file open for writing, which would keep it from turning read-only.
    await execa('mount', ['-o', 'remount,bind,ro', aside.path]);
    await execa('mount', ['--bind', aside.path, path]);
  } finally {
    await execa('umount', [aside.path]);
  }
}

export async function makeWritable(path: string): Promise<void> {
  // Somebody may just be looking at it.
  await execa('umount', ['--lazy', path]);
}

function mounted(path: string): Mounted {
  return {
    path,
    async remount(options) {
      await execa('mount', ['-o', `remount,${options}`, path]);
    },
    async [Symbol.asyncDispose]() {
      await execa('umount', [path]);
    },
  };
}
