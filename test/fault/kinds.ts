/** The kinds of resources that the daemon is killed over, and what each has to come to. */
import { createHash } from 'node:crypto';
import type { WorkspaceContentSpec } from '../../src/api/types.generated.ts';
import type { KubeClient } from '../control-plane/client.ts';
import type { Servers } from './servers.ts';

export type Spec = Pick<WorkspaceContentSpec, 'initializer' | 'timeout'>;

export interface Kind {
  /** A word or two; with dashes it begins the names of its resources. */
  readonly title: string;
  /** The reason of the condition Ready in the end. */
  readonly outcome: string;
  /** A file of the content that people edit, if it has one. */
  readonly file?: string;
  /** Sets up what a resource of that name asks for. */
  order(name: string): Promise<Spec>;
  /** Puts right what keeps it from getting Ready; may be called again. */
  repair?(name: string): Promise<void>;
}

export interface Kinds {
  readonly good: readonly Kind[];
  /** Those that fail for good. */
  readonly failing: readonly Kind[];
  /** Its Secret comes later. */
  readonly withoutSecret: Kind;
  /** Its server lets the first two requests hang until the attempt is out of time. */
  readonly slowAtFirst: Kind;
  /** Never comes to an end; it holds a slot until it is deleted. */
  readonly hanging: Kind;
}

const success = 'InitializationSuccess';
const text = 'From a file server.\n'.repeat(500);
const auth = { user: 'amy', password: 'a-password' };

export function createKinds(servers: Servers, client: KubeClient): Kinds {
  const { files } = servers;
  const download = (url: string, content = text): Spec => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    return { initializer: { download: { files: [{ url, filePath: 'README.md', digest }] } } };
  };
  return {
    good: [
      { title: 'empty', outcome: success, order: async () => ({ initializer: { empty: {} } }) },
      {
        title: 'git',
        outcome: success,
        file: 'README.md',
        order: async (name) => git(await servers.addRepository(name)),
      },
      {
        title: 'download',
        outcome: success,
        file: 'README.md',
        order: async (name) => download(files.serve(`/${name}/README.md`, text)),
      },
      {
        title: 'snapshot',
        outcome: success,
        file: 'README.md',
        order: async (name) => ({
          initializer: { snapshot: { snapshot: await servers.addSnapshot(name) } },
        }),
      },
    ],
    failing: [
      {
        title: 'wrong digest',
        outcome: 'DigestMismatch',
        order: async (name) => download(files.serve(`/${name}/README.md`, text), 'other'),
      },
      {
        title: 'missing branch',
        outcome: 'GitRefNotFound',
        order: async (name) =>
          git(await servers.addRepository(name), {
            targetMode: 'REMOTE_BRANCH',
            cloneTarget: 'missing',
          }),
      },
    ],
    withoutSecret: {
      title: 'late secret',
      outcome: success,
      file: 'README.md',
      order: async (name) =>
        git(await servers.addRepository(name, auth), { config: { authSecretRef: { name } } }),
      repair: async (name) => await createSecret(client, name),
    },
    slowAtFirst: {
      title: 'slow at first',
      outcome: success,
      file: 'README.md',
      order: async (name) => ({
        ...download(files.serve(`/${name}/README.md`, text, { hang: true, times: 2 })),
        timeout: '2s',
      }),
    },
    hanging: {
      title: 'hanging',
      outcome: 'Initializing',
      order: async (name) => download(files.serve(`/${name}/README.md`, text, { hang: true })),
    },
  };
}

type Git = NonNullable<NonNullable<WorkspaceContentSpec['initializer']>['git']>;

function git(remoteUri: string, more: Partial<Git> = {}): Spec {
  return { initializer: { git: { remoteUri, ...more } } };
}

async function createSecret(client: KubeClient, name: string): Promise<void> {
  await client.apply(`/api/v1/namespaces/default/secrets/${name}`, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/basic-auth',
    metadata: { name },
    data: {
      username: Buffer.from(auth.user).toString('base64'),
      password: Buffer.from(auth.password).toString('base64'),
    },
  });
}
