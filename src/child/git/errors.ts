import { ContentError, type ErrorReason } from '../../api/errors.ts';
import { reasonOfErrno, reasonOfWords } from '../../api/os-errors.ts';
import { TransientFailure } from '../retry.ts';
import { GitCommandError } from './command.ts';

export interface GitFailureClass {
  readonly reason: ErrorReason;
  /** What happened, as the beginning of a message. */
  readonly summary: string;
  /** Whether another try within the step may end better. */
  readonly transient: boolean;
}

type Row = readonly [words: RegExp, reason: ErrorReason, summary: string, transient?: 'transient'];

/** git's own words, the first row that fits wins. What a server says (`remote:`) is none of them. */
const rows: readonly Row[] = [
  [
    /unable to create .*: Permission denied/,
    'DestinationFailed',
    'the directory could not be written',
  ],
  [
    /Remote branch .* not found in upstream|[Cc]ould ?n[o']t find remote ref/,
    'GitRefNotFound',
    'the repository has no such branch',
  ],
  [
    /not our ref|unadvertised object|no such remote ref/,
    'GitRefNotFound',
    'the repository has no such commit',
  ],
  [
    /could not read (?:Username|Password) for/,
    'GitAuthenticationFailed',
    'the git server asks for a user and a password',
  ],
  [
    /Authentication failed for|returned error: (?:401|403)/,
    'GitAuthenticationFailed',
    'the git server refused access; the credentials need the right to read the repository',
  ],
  [
    /repository '.*' not found|returned error: (?:404|410)/,
    'GitRepositoryNotFound',
    'the git server has no such repository',
  ],
  [
    /HTTP code 407 from proxy|returned error: 407/,
    'GitRemoteUnavailable',
    "the proxy asks for a user and a password; the cluster's operator sets them in the proxy's URL",
  ],
  [
    /returned error: 524/,
    'GitRemoteUnavailable',
    'the git server took too long to answer (HTTP 524), which happens with very large repositories',
    'transient',
  ],
  [
    /returned error: (?:408|425|429|5\d\d)/,
    'GitRemoteUnavailable',
    'the git server answered that it cannot serve the repository now',
    'transient',
  ],
  [/Could not resolve host/, 'GitRemoteUnavailable', 'the host name does not resolve', 'transient'],
  [
    /SSL certificate|certificate verif|unable to get local issuer|SSL: no alternative/,
    'GitRemoteUnavailable',
    "the git server's certificate is not trusted",
  ],
  [
    /Failed to connect|Connection refused|Couldn't connect|timed out|Operation too slow/,
    'GitRemoteUnavailable',
    'the git server could not be reached',
    'transient',
  ],
  [
    /not valid: is this a git repository|invalid server response|dumb http transport/,
    'GitRemoteUnavailable',
    'the server did not answer as a git server does',
  ],
  [
    /transport '.*' not allowed|Protocol .* (?:not supported|disabled)|unsafe redirect|unable to update url base/,
    'GitRemoteUnavailable',
    'the git server redirects to where git may not follow',
  ],
  [
    /unable to access|RPC failed|early EOF|hung up unexpectedly|unexpected disconnect|Empty reply|transfer closed|Recv failure|Connection reset|expected flush|fetch-pack: invalid|SSL_|gnutls/i,
    'GitRemoteUnavailable',
    'the connection to the git server broke',
    'transient',
  ],
];

const denied: GitFailureClass = {
  reason: 'GitAuthenticationFailed',
  summary:
    'the git server denies access; grant the user of the credentials the right to read the repository',
  transient: false,
};

const otherwise: GitFailureClass = {
  reason: 'GitFailed',
  summary: 'git failed',
  transient: false,
};

/**
 * What git's words of a failure mean, and the code of why it could not write, if that was it. git must
 * have run with LC_ALL=C.
 */
export function classifyGitFailure(words: string, errno = ''): GitFailureClass {
  const own = words
    .split('\n')
    .filter((line) => !line.startsWith('remote:'))
    .join('\n');
  const ofNode = reasonOfWords(own) ?? reasonOfErrno(errno);
  if (ofNode !== undefined) {
    return { reason: ofNode, summary: summaryOf(ofNode), transient: false };
  }
  const row = rows.find(([pattern]) => pattern.test(own));
  const [, reason, summary, transient] = row ?? [];
  const found =
    reason === undefined || summary === undefined
      ? otherwise
      : { reason, summary, transient: transient !== undefined };
  // Some servers say so and then just close the connection.
  const isVague = found.transient || found === otherwise;
  return isVague && /\bAccess denied\b/i.test(words) ? denied : found;
}

function summaryOf(reason: ErrorReason): string {
  return reason === 'DestinationFull' ? 'the disk is full' : 'the directory could not be written';
}

/** A failed git command as the user is told of it; `what` names the repository. Other errors stay as they are. */
export function gitFailure(error: unknown, what: string): unknown {
  return error instanceof GitCommandError ? explained(error, what).failure : error;
}

/** The same for a command that talks to a server, wrapped as transient where another try may help. */
export function remoteGitFailure(error: unknown, what: string): unknown {
  if (!(error instanceof GitCommandError)) return error;
  const { failure, transient } = explained(error, what);
  return transient ? new TransientFailure(failure, error.retryAfterMs) : failure;
}

function explained(
  error: GitCommandError,
  what: string,
): { failure: ContentError; transient: boolean } {
  if (error.silent) {
    const message = `${what}: the git server stopped answering`;
    const failure = new ContentError('GitRemoteUnavailable', message, { cause: error });
    return { failure, transient: true };
  }
  const { reason, summary, transient } = classifyGitFailure(error.words, error.errno);
  const said = error.words === '' ? '' : `; git said: ${error.words}`;
  const failure = new ContentError(reason, `${what}: ${summary}${said}`, { cause: error });
  return { failure, transient };
}
