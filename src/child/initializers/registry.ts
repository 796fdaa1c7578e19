import { ContentError } from '../../api/errors.ts';
import {
  initializerKind,
  type InitializerKind,
  type InitializerMessage,
} from '../../api/initializer.ts';
import { planBackup } from './backup.ts';
import { planComposite } from './composite.ts';
import { planDownload } from './download.ts';
import { planEmpty } from './empty.ts';
import { planGit } from './git.ts';
import { planPrebuild } from './prebuild.ts';
import { planSnapshot } from './snapshot.ts';
import type { Step } from './step.ts';

type Planner<Kind extends InitializerKind> = (
  message: NonNullable<InitializerMessage[Kind]>,
  path: string,
  planChild: (message: InitializerMessage, prefix: string) => Step,
) => Step;

const planners: { readonly [Kind in InitializerKind]: Planner<Kind> } = {
  empty: planEmpty,
  git: planGit,
  snapshot: planSnapshot,
  prebuild: planPrebuild,
  composite: planComposite,
  download: planDownload,
  backup: planBackup,
};

/**
 * Checks a whole tree of initializers and makes its steps; nothing is run or written. Throws
 * InvalidSpec and NotImplemented.
 */
export function planStep(message: InitializerMessage, prefix = ''): Step {
  const kind = initializerKind(message);
  if (kind === undefined) {
    throw new ContentError('InvalidSpec', 'the initializer asks for nothing that is known');
  }
  return planKind(kind, message, prefix);
}

// The parameter ties the message's field to its planner.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function planKind<Kind extends InitializerKind>(
  kind: Kind,
  message: InitializerMessage,
  prefix: string,
): Step {
  const spec = message[kind];
  if (spec === undefined || spec === null) {
    throw new ContentError('InvalidSpec', `${prefix}${kind}: is missing`);
  }
  return planners[kind](spec, `${prefix}${kind}`, planStep);
}
