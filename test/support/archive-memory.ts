/** Restores URL with GNU tar replaced by a program that reads all and writes nothing; prints the peak memory in bytes. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { undiciTransport } from '../../src/child/archive/download/transport.ts';
import { restoreArchive } from '../../src/child/archive/restore.ts';

const [url = ''] = process.argv.slice(2);
const agent = new Agent();
const reader = ((command: string, args: string[], options: object) =>
  command === 'tar'
    ? spawn('sh', ['-c', 'cat >/dev/null'], options)
    : spawn(command, args, options)) as typeof spawn;
await restoreArchive({
  url: new URL(url),
  missing: 'SnapshotNotFound',
  destination: '/nonexistent',
  uid: 33333,
  gid: 33333,
  idMappings: [],
  signal: new AbortController().signal,
  transport: undiciTransport(agent),
  spawn: reader,
});
await agent.destroy();
// Not getrusage's: that begins with the size of the process that started this one.
const status = readFileSync('/proc/self/status', 'utf8');
console.log(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024);
