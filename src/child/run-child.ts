import { decodeInitializer } from '../api/initializer.ts';
import { deliberateFailureExitCode } from '../api/protocol.ts';
import { createRedactor, downloadSecrets } from '../api/redact.ts';
import { secretValues } from '../api/secrets.ts';
import { type AnswerFds, createAnswers } from './answers.ts';
import { systemClock, systemRandom } from './clock.ts';
import { toFailure } from './failure.ts';
import type { RunContext } from './context.ts';
import { fillDestination } from './lifecycle.ts';
import { defaultPatience } from './patience.ts';
import { limitRate } from './progress.ts';
import { parseRequest, readRequest } from './request.ts';
import { bounded, printable } from '../api/text.ts';

export interface ChildOptions extends Partial<Pick<RunContext, 'clock' | 'random' | 'patience'>> {
  /** File descriptor with the request. */
  readonly stdin: number;
  readonly fds: AnswerFds;
  readonly env: RunContext['env'];
  /** Ends the run. */
  readonly signal: AbortSignal;
}

const longestWarning = 2 * 1024;

/** One run, from the request on standard input to the answers on the pipes. Answers the exit code; never throws. */
export async function runChild(options: ChildOptions): Promise<number> {
  const { signal, env, fds, stdin } = options;
  const { clock = systemClock, random = systemRandom, patience = defaultPatience } = options;
  const answers = createAnswers(fds);
  // Until the request is understood, nothing of it may be in a message.
  let { redact } = createRedactor([]);
  try {
    const request = parseRequest(readRequest(stdin));
    const signed = downloadSecrets(request.remoteContent);
    ({ redact } = createRedactor(signed));
    const initializer = decodeInitializer(
      Buffer.from(request.initializer, 'base64'),
      request.limits,
    );
    const secrets = [...signed, ...secretValues(initializer)];
    ({ redact } = createRedactor(secrets));
    const learnSecret = (secret: string): void => {
      secrets.push(secret);
      ({ redact } = createRedactor(secrets));
    };
    const { cleanSlate, uid, gid, destination, idMappings, remoteContent, limits } = request;
    const report = limitRate((progress) => answers.progress(progress), clock);
    const context: RunContext = {
      ...{ destination, owner: { uid, gid }, idMappings, remoteContent, limits },
      ...{ env, patience, clock, random, report },
      oneTimeSecrets: new Map(),
      learnSecret,
    };
    const done = await fillDestination({ initializer, cleanSlate }, context, signal);
    const warnings = done.warnings.map((text) => bounded(printable(redact(text)), longestWarning));
    answers.report({ ...done, warnings });
    return 0;
  } catch (error) {
    answers.failure(toFailure(error, redact, signal));
    return deliberateFailureExitCode;
  }
}
