import type { GitMessage } from '../../api/initializer.ts';
import { contentservice } from '../../api/initializer.generated.js';
import { branchNameProblem } from './branch-name.ts';
import { invalid } from './invalid.ts';

/** What of a repository is wanted, checked: none of the names can be an option or a refspec. */
export type Target =
  /** The remote's default branch. */
  | { readonly mode: 'head' }
  | {
      readonly mode: 'remoteBranch';
      readonly branch: string;
      /** Fail when the remote does not have it, rather than use its default branch under that name. */
      readonly required: boolean;
    }
  /** A new branch that starts at the remote's default branch and tracks none. */
  | { readonly mode: 'localBranch'; readonly branch: string }
  /** A commit, as the user names it. */
  | { readonly mode: 'commit'; readonly revision: string };

const { CloneTargetMode } = contentservice;

/** Reads targetMode and cloneTarget; `path` is the initializer's step. Throws InvalidSpec. */
export function parseTarget(message: GitMessage, path: string): Target {
  const mode = message.targetMode ?? CloneTargetMode.REMOTE_HEAD;
  const name = message.cloneTarget ?? '';
  const field = `${path}.cloneTarget`;
  switch (mode) {
    case CloneTargetMode.REMOTE_HEAD:
      return { mode: 'head' };
    case CloneTargetMode.REMOTE_BRANCH: {
      const required = message.branchRequired ?? false;
      return { mode: 'remoteBranch', branch: parseBranch(name, field), required };
    }
    case CloneTargetMode.LOCAL_BRANCH:
      return { mode: 'localBranch', branch: parseBranch(name, field) };
    case CloneTargetMode.REMOTE_COMMIT:
      return { mode: 'commit', revision: parseRevision(name, field) };
    default:
      throw invalid(`${path}.targetMode`, `${String(mode)} is unknown`);
  }
}

function parseBranch(name: string, field: string): string {
  const problem = branchNameProblem(name);
  if (problem !== undefined) throw invalid(field, problem);
  return name;
}

/** Whatever a server may know a commit by: its ID, as a rule. */
function parseRevision(name: string, field: string): string {
  const problem = name.startsWith('+') ? "may not start with '+'" : branchNameProblem(name);
  if (problem !== undefined) throw invalid(field, problem);
  return name;
}

/** Whether a revision is a whole object ID, SHA-1 or SHA-256. */
export function isFullCommitId(revision: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(revision);
}
