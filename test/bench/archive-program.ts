/** What the child does with a snapshot, as a program of its own: `URL DESTINATION`; answers JSON. */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { undiciTransport } from '../../src/child/archive/download/transport.ts';
import { restoreArchive } from '../../src/child/archive/restore.ts';

const [url = '', destination = ''] = process.argv.slice(2);
const started = performance.now();
const agent = new Agent();
const { bytes, entries } = await restoreArchive({
  url: new URL(url),
  missing: 'SnapshotNotFound',
  destination,
  uid: 33333,
  gid: 33333,
  idMappings: [
    { containerID: 0, hostID: 33333, size: 1 },
    { containerID: 1, hostID: 100000, size: 65534 },
  ],
  signal: new AbortController().signal,
  transport: undiciTransport(agent),
});
const ms = performance.now() - started;
// Not getrusage's: that begins with the size of the process that started this one.
const status = readFileSync('/proc/self/status', 'utf8');
const peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
console.log(JSON.stringify({ ms, peakBytes, bytes, entries }));
await agent.destroy();
