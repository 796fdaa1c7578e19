import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../test/control-plane/client.ts';
import type { Sample } from './samples.ts';
import { type Content, isSettled, readyCondition } from './table.ts';

const collection = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';

interface FollowOptions {
  readonly show: (contents: readonly Content[]) => void;
  /** False once nobody is there any more who could bring them on. */
  readonly alive: () => boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Shows the samples until each is Ready or Failed, and returns them as they are then. */
export async function followSamples(
  client: KubeClient,
  samples: readonly Sample[],
  { show, alive, signal, timeoutMs }: FollowOptions,
): Promise<readonly Content[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const listed = await client.list<Content>(collection);
    const contents = samples.flatMap(
      ({ name }) => listed.find(({ metadata }) => metadata.name === name) ?? [],
    );
    show(contents);
    if (contents.length === samples.length && contents.every(isSettled)) return contents;
    if (!alive()) throw new Error('the controller ended by itself');
    if (performance.now() > deadline)
      throw new Error(`not all were settled after ${timeoutMs / 1000} s`);
    await delay(100, undefined, { signal });
  }
}

/** What came out otherwise than expected, in words; empty when nothing did. */
export function findSurprises(samples: readonly Sample[], contents: readonly Content[]): string[] {
  return samples.flatMap(({ name, ready, reason }) => {
    const content = contents.find(({ metadata }) => metadata.name === name);
    const condition = content === undefined ? undefined : readyCondition(content);
    return condition?.status === ready && condition.reason === reason
      ? []
      : [
          `${name}: expected Ready=${ready} ${reason}, got Ready=${condition?.status} ${condition?.reason}: ${condition?.message}`,
        ];
  });
}
