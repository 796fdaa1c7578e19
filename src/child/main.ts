/** The program inside the sandbox: a ContentRequest on standard input, the answers on fds 3, 4 and 5. */
import { deliberateFailureExitCode, errorFd, metricsFd, progressFd } from '../api/protocol.ts';
import { createAnswers } from './answers.ts';
import { watchHost } from './host.ts';
import { runChild } from './run-child.ts';

const fds = { error: errorFd, metrics: metricsFd, progress: progressFd };
const stop = new AbortController();

process.umask(0o022);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort());
}
process.once('uncaughtException', (error) => {
  // Its message is unknown territory, and may hold a secret.
  const message = `unexpected in the sandbox: ${error.name}`;
  createAnswers(fds).failure({ reason: 'InternalError', message });
  process.exit(deliberateFailureExitCode);
});

// At once: its successor must find nobody at work here. As the first process it takes all others along.
watchHost(errorFd, () => process.exit(deliberateFailureExitCode));

// Exits by itself, whatever sockets and timers are left: every answer has been written.
process.exit(await runChild({ stdin: 0, fds, env: process.env, signal: stop.signal }));
