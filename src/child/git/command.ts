import type { Report } from '../progress.ts';
import { boundedEnd, printable } from '../../api/text.ts';
import { followHttpTrace, traceEnvironment } from './http-trace.ts';
import { type GitProgress, isChatter, parseGitProgress } from './progress.ts';
import { spawnGit } from './spawn.ts';
import { whyUnwritten } from './unwritten.ts';

export interface GitCommand {
  /** Global options, subcommand and its arguments. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole of it, from `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Ends a command that says nothing for so long, milliseconds. For those that talk to a server. */
  readonly silenceMs?: number;
  /** Gets the progress that git shows. */
  readonly progress?: {
    readonly step: string;
    readonly report: Report;
    /** What git works on, where that is not the repository itself. */
    readonly part?: string;
  };
}

export interface GitOutput {
  readonly stdout: string;
  /** The end of what it said on standard error, progress left out; printable and bounded. */
  readonly words: string;
}

/** A git command that failed. */
export class GitCommandError extends Error {
  override readonly name = 'GitCommandError';
  /** The end of what it said on standard error, progress left out; printable and bounded. */
  readonly words: string;
  /** Whether it was ended because it said nothing for too long. */
  readonly silent: boolean;
  /** Undefined when a signal ended it or it could not be started. */
  readonly exitCode: number | undefined;
  /** How long the server asked to wait, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The operating system's code of why it could not write, where it could not. */
  readonly errno: string | undefined;

  constructor(subcommand: string, details: GitExitDetails) {
    super(`git ${subcommand} failed`);
    this.words = details.words;
    this.silent = details.silent;
    this.exitCode = details.exitCode;
    this.retryAfterMs = details.retryAfterMs;
    this.errno = details.errno;
  }
}

type GitExitDetails = Pick<GitCommandError, 'words' | 'silent' | 'exitCode'> &
  Partial<Pick<GitCommandError, 'retryAfterMs' | 'errno'>>;

/** Characters of git's own words that are kept. */
const longestWords = 3 * 1024;
/** git's own limit on lines of a server's messages is far below. */
const longestLine = 16 * 1024;

/**
 * Runs git without standard input. Throws GitCommandError, and the signal's reason once it aborts; git
 * and all that it started are ended first.
 */
export async function runGit(command: GitCommand): Promise<GitOutput> {
  const { args, cwd, env, signal } = command;
  signal.throwIfAborted();
  const watchdog = startWatchdog(command.silenceMs);
  const listener = listen(command);
  const trace = command.silenceMs === undefined ? undefined : followHttpTrace();
  const { stdout, exitCode, why } = await spawnGit({
    args,
    cwd,
    env: trace === undefined ? env : { ...env, ...traceEnvironment },
    signal: AbortSignal.any([signal, watchdog.signal]),
    hear: (text) => {
      watchdog.heard();
      listener.hear(text);
    },
    ...(trace === undefined ? {} : { hearTrace: trace.hear }),
  });
  watchdog.stop();
  signal.throwIfAborted();
  const words = listener.words();
  if (exitCode === 0) return { stdout, words };
  throw new GitCommandError(args[0] ?? '', {
    // Without any words git could not be started, or something killed it.
    words: words === '' ? printable(why) : words,
    silent: watchdog.signal.aborted,
    exitCode,
    retryAfterMs: trace?.retryAfterMs(),
    errno: await whyUnwritten(words, cwd),
  });
}

interface Watchdog {
  readonly signal: AbortSignal;
  readonly heard: () => void;
  readonly stop: () => void;
}

function startWatchdog(silenceMs: number | undefined): Watchdog {
  const controller = new AbortController();
  if (silenceMs === undefined) {
    return { signal: controller.signal, heard: () => undefined, stop: () => undefined };
  }
  const timer = setTimeout(() => controller.abort(), silenceMs);
  return {
    signal: controller.signal,
    heard: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}

/** Takes git's standard error apart: progress is passed on, the last other words are kept. */
function listen({ progress }: GitCommand): { hear: (text: string) => void; words: () => string } {
  let unfinished = '';
  let words = '';
  const report = ({ phase, ...rest }: GitProgress): void => {
    const part = progress?.part === undefined ? '' : `${progress.part}: `;
    progress?.report({ step: progress.step, phase: `${part}${phase}`, ...rest });
  };
  const hearLine = (line: string): void => {
    const found = parseGitProgress(line);
    if (found !== undefined) report(found);
    else if (!isChatter(line)) words = boundedEnd(`${words}${line}\n`, longestWords);
  };
  return {
    hear: (text) => {
      const lines = `${unfinished}${text}`.split(/[\r\n]+/);
      unfinished = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) hearLine(line);
    },
    words: () => {
      hearLine(unfinished);
      unfinished = '';
      return printable(words);
    },
  };
}
