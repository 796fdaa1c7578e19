import type { WorkspaceContentStatus } from '../../src/api/types.generated.ts';
import { systemClock } from '../../src/controller/clock.ts';
import { KubeClient } from '../../src/controller/kube-client.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport } from '../../src/controller/kube-transport.ts';
import { ListWatch } from '../../src/controller/list-watch.ts';
import type { Phase, Sightings } from './sightings.ts';

interface Watched {
  readonly metadata: { readonly name: string };
  readonly status?: WorkspaceContentStatus;
}

/** Sees statuses as a person's `kubectl get --watch` does, with a connection of its own. */
export function watchStatuses(kubeconfig: string, sightings: Sightings): { stop(): Promise<void> } {
  const ending = new AbortController();
  const see = (object: unknown): void => {
    const { metadata, status } = object as Watched;
    if (status?.phase !== undefined) {
      sightings.see(metadata.name, `status ${status.phase satisfies Phase}`);
    }
  };
  const listWatch = new ListWatch({
    client: new KubeClient(createTransport(() => loadKubeConfig(kubeconfig))),
    clock: systemClock,
    path: '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents',
    selector: {},
    handler: {
      onList: (objects) => objects.forEach(see),
      onUpsert: see,
      onDelete: () => undefined,
      // It goes on by itself, and what it missed comes with the next list.
      onError: () => undefined,
    },
  });
  const running = listWatch.run(ending.signal);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}
