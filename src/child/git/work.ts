import type { RunContext } from '../context.ts';
import type { RetryTools } from '../retry.ts';
import { type GitCommand, GitCommandError, type GitOutput, runGit } from './command.ts';
import type { ConfigEntry } from './config.ts';
import { type Credentials, credentialSettings } from './credentials.ts';
import { gitEnvironment } from './environment.ts';
import { gitFailure } from './errors.ts';
import type { GitSpec } from './spec.ts';

/** What the parts of one git step share. */
export interface GitWork {
  readonly spec: GitSpec;
  readonly credentials: Credentials | undefined;
  /** Absolute path of the working copy. */
  readonly location: string;
  /** Path of the step, for progress and warnings. */
  readonly step: string;
  readonly context: RunContext;
  readonly signal: AbortSignal;
  /** Told of each path before it is made, so that a failed step can be taken back. */
  readonly claim: (path: string) => void;
}

/** Runs git in the location, without network and credentials; answers its standard output. */
export async function runLocalGit(work: GitWork, args: readonly string[]): Promise<string> {
  try {
    return (await runGit(localCommand(work, args))).stdout;
  } catch (error) {
    throw gitFailure(error, work.spec.repository);
  }
}

/** The same for a question that git answers by exit code 1 when the answer is no: undefined. */
export async function askGit(
  work: GitWork,
  args: readonly string[],
  cwd = work.location,
): Promise<string | undefined> {
  try {
    return (await runGit({ ...localCommand(work, args), cwd })).stdout.trim();
  } catch (error) {
    if (error instanceof GitCommandError && error.exitCode === 1) return undefined;
    throw gitFailure(error, work.spec.repository);
  }
}

interface RemoteOptions {
  /** Configuration that the repository does not have yet. */
  readonly config?: readonly ConfigEntry[];
  /** What the command is about where that is not the repository itself, for the progress. */
  readonly part?: string;
}

/** Runs git with network and credentials. Throws what `runGit` throws. */
export async function runRemoteGit(
  work: GitWork,
  args: readonly string[],
  { config = [], part }: RemoteOptions = {},
): Promise<GitOutput> {
  const { spec, context } = work;
  const silenceMs = context.patience.gitSilenceMs;
  const credentials = credentialSettings(spec.remoteUri, work.credentials);
  return await runGit({
    ...localCommand(work, args, part),
    env: gitEnvironment(context.env, { config, network: { credentials, silenceMs } }),
    silenceMs,
  });
}

/** For a command that is run again after a failure that may pass. */
export function retryTools({ context, signal }: GitWork): RetryTools {
  const { clock, random, patience } = context;
  return { policy: patience.retry, clock, random, signal };
}

function localCommand(work: GitWork, args: readonly string[], part?: string): GitCommand {
  const { location, context, signal, step } = work;
  return {
    args,
    cwd: location,
    env: gitEnvironment(context.env),
    signal,
    progress: { step, report: context.report, ...(part === undefined ? {} : { part }) },
  };
}
