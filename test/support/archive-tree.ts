import {
  chmod,
  chown,
  lchown,
  link,
  mkdir,
  open,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A file with a hole of `size` bytes, and data before, in and after it. */
async function writeSparse(path: string, size: number): Promise<void> {
  const file = await open(path, 'w');
  for (const [at, text] of [
    [0, 'begin'],
    [size / 2, 'middle'],
    [size - 3, 'end'],
  ] as const) {
    await file.write(text, Math.floor(at));
  }
  await file.close();
}

export interface TreeOptions {
  /** Names and ids that only newer formats have. */
  readonly long: boolean;
  /** Whiteouts and fifos. */
  readonly special: boolean;
}

const component = 'a-long-name-that-repeats-'.repeat(7);

/** A directory with one of everything, of several owners. */
export async function makeTree(root: string, { long, special }: TreeOptions): Promise<void> {
  const at = (...parts: string[]): string => join(root, ...parts);
  for (const path of ['dir/deep', 'empty', 'closed', 'sticky']) {
    await mkdir(at(path), { recursive: true });
  }
  await writeFile(at('empty.txt'), '');
  await writeFile(at('dir/block.txt'), 'x'.repeat(512));
  await writeFile(at('dir/more.txt'), 'y'.repeat(5000));
  await writeFile(at('dir/deep/read-only.txt'), 'read-only');
  await writeFile(at('closed/secret'), 'secret');
  await writeFile(at('program'), '#!/bin/sh\n');
  await writeFile(at('umläut und blank'), 'utf-8');
  await writeFile(Buffer.from(`${root}/latin1-\xe4`, 'latin1'), 'not utf-8');
  await writeSparse(at('sparse'), 300_000);
  await link(at('dir/more.txt'), at('hard'));
  await symlink('dir/more.txt', at('link'));
  await symlink('/etc/passwd', at('dir/outside'));
  if (long) await addLong(root);
  if (special) {
    await execa('mknod', [at('whiteout'), 'c', '0', '0']);
    await execa('mkfifo', [at('fifo')]);
  }
  await chown(at('dir'), 1000, 1001);
  await chown(at('dir/block.txt'), 1, 2);
  await lchown(at('link'), 1000, 1000);
  await chown(at('closed/secret'), 5, 5);
  await chown(at('closed'), 5, 5);
  await chmod(at('dir/deep/read-only.txt'), 0o400);
  await chmod(at('program'), 0o4755);
  await chmod(at('sticky'), 0o1777);
  await chmod(at('closed'), 0o700);
  await utimes(at('dir/block.txt'), 1_234_567_890, 1_234_567_890);
}

async function addLong(root: string): Promise<void> {
  const folder = join(root, component, component);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, component), 'far away');
  await link(join(folder, component), join(root, 'hard-to-long'));
  await symlink(`${component}/${component}/${component}`, join(root, 'link-to-long'));
  await writeFile(join(root, 'of-a-high-id'), 'high');
  await chown(join(root, 'of-a-high-id'), 3_000_000, 3_000_001);
}

/** Extended attributes by path; python3 has them in its standard library. */
export async function setAttribute(path: string, name: string, value: string): Promise<void> {
  const program = 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())';
  await execa('python3', ['-c', program, path, name, value]);
}

/** cap_net_raw=ep, as the node's root sets it: version 2, of no particular user namespace. */
const capabilities = Buffer.from('0100000200200000000000000000000000000000', 'hex');

export async function setCapabilities(path: string): Promise<void> {
  const program =
    'import os, sys; os.setxattr(sys.argv[1], "security.capability", bytes.fromhex(sys.argv[2]))';
  await execa('python3', ['-c', program, path, capabilities.toString('hex')]);
}

/** The same for the user namespace of a root, version 3, as `getAttributes` answers it. */
export function capabilitiesOf(rootId: number): string {
  const bytes = Buffer.concat([capabilities, Buffer.alloc(4)]);
  bytes.writeUInt8(3, 3);
  bytes.writeUInt32LE(rootId, capabilities.length);
  return bytes.toString('latin1');
}

export async function getAttributes(path: string): Promise<Record<string, string>> {
  const program =
    'import os, sys, json; p = sys.argv[1]; ' +
    'print(json.dumps({n: os.getxattr(p, n).decode("latin1") for n in os.listxattr(p)}))';
  const { stdout } = await execa('python3', ['-c', program, path]);
  return JSON.parse(stdout) as Record<string, string>;
}
