import type { Condition } from '../api/types.generated.ts';
import { rfc3339, shorten } from './text.ts';

/** A condition that is not named is absent, which counts as False. */
export interface ConditionDraft {
  readonly type: 'Ready' | 'Reconciling' | 'Stalled';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const longestMessage = 32_768;

/** Dates each condition: a status that stays as it was keeps its time. `now` in ms since the epoch. */
export function toConditions(
  drafts: readonly ConditionDraft[],
  previous: readonly Condition[],
  generation: number,
  now: number,
): Condition[] {
  return drafts.map((draft) => {
    const before = previous.find(({ type }) => type === draft.type);
    const same = before?.status === draft.status;
    return {
      type: draft.type,
      status: draft.status,
      observedGeneration: generation,
      lastTransitionTime: (same ? before.lastTransitionTime : undefined) ?? rfc3339(now),
      reason: draft.reason,
      message: shorten(draft.message, longestMessage),
    };
  });
}
