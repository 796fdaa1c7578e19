/** From a resource and its Secrets to what a run needs: pure, the same for the daemon and the command line. */
import { parseDuration } from './durations.ts';
import { ContentError } from './errors.ts';
import { decodeInitializer, type InitializerMessage } from './initializer.ts';
import { contentservice } from './initializer.generated.js';
import type { ContentOwner, IdMapping } from './protocol.ts';
import type { ContentResource, ContentSpec } from './resource.ts';
import { fillSecrets, secretValues } from './secrets.ts';
import { comesWithVolume } from './volume-snapshot.ts';
import type { CompositeStep, GitInitializer, Initializer } from './types.generated.ts';

/** Values of Secrets by the Secret's name, then by key; decoded. */
export type SecretLookup = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** What one attempt is to do, with its secrets filled in. */
export interface ContentPlan {
  /** An encoded contentservice.WorkspaceInitializer. A secret. */
  readonly initializer: Uint8Array;
  /** Values that may show up nowhere. */
  readonly secrets: readonly string[];
  readonly idMappings: readonly IdMapping[];
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly owner: ContentOwner;
  /** Of one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Of the resource: which objects it may name depends on it. */
  readonly namespace: string;
  /** The directory holds content already, by a volume snapshot: nothing of it is cleared away. */
  readonly provided?: true;
  /** The object store that the resource names. */
  readonly storage?: string;
}

/** Names of the Secrets, of the resource's own namespace, that a plan of it needs. */
export function secretNames(spec: ContentSpec): readonly string[] {
  const names = gitFields(spec).flatMap((git) => git.config?.authSecretRef?.name ?? []);
  return [...new Set([...names, ...(spec.secretRef === undefined ? [] : [spec.secretRef.name])])];
}

/**
 * Plans an attempt. Throws InvalidSpec that names the field, and SecretNotFound for a Secret or a key
 * that `secrets` does not hold.
 */
export function planContent(resource: ContentResource, secrets: SecretLookup): ContentPlan {
  const { spec } = resource;
  const message =
    spec.initializerProto === undefined
      ? toMessage(spec.initializer ?? {}, secrets)
      : decodeInitializer(Buffer.from(spec.initializerProto, 'base64'));
  fillSecrets(message, spec.secretRef?.name, secrets);
  return {
    initializer: contentservice.WorkspaceInitializer.encode(message).finish(),
    secrets: secretValues(message),
    idMappings: spec.idMappings ?? [],
    runAsUser: spec.runAsUser,
    runAsGroup: spec.runAsGroup,
    owner: {
      owner: spec.owner ?? '',
      workspaceID: spec.workspaceID ?? '',
      instanceID: spec.instanceID ?? resource.uid,
    },
    namespace: resource.namespace,
    timeoutMs: parseDuration(spec.timeout, 'spec.timeout'),
    ...(comesWithVolume(message) ? { provided: true } : {}),
    ...(spec.storage === undefined ? {} : { storage: spec.storage }),
  };
}

/** The git initializers in the resource's own form. */
function gitFields(spec: ContentSpec): GitInitializer[] {
  const composite = spec.initializer?.composite?.initializer ?? [];
  const steps: CompositeStep[] = [spec.initializer ?? {}, ...composite];
  return steps.flatMap(({ git, prebuild }) => [
    ...(git === undefined ? [] : [git]),
    ...(prebuild?.git ?? []),
  ]);
}

function toMessage(initializer: Initializer, secrets: SecretLookup): InitializerMessage {
  const { git, prebuild, composite, ...others } = initializer;
  return {
    ...others,
    ...(git === undefined ? {} : { git: gitMessage(git, secrets) }),
    ...(prebuild === undefined
      ? {}
      : {
          prebuild: {
            ...prebuild,
            git: (prebuild.git ?? []).map((each) => gitMessage(each, secrets)),
          },
        }),
    ...(composite === undefined
      ? {}
      : {
          composite: { initializer: composite.initializer.map((step) => toMessage(step, secrets)) },
        }),
  };
}

function gitMessage(
  git: GitInitializer,
  secrets: SecretLookup,
): contentservice.GitInitializer.$Properties {
  const { targetMode, fallbackToDefaultBranch, config = {}, ...fields } = git;
  const { authSecretRef, authentication = 'NO_AUTH', ...auth } = config;
  return {
    ...fields,
    targetMode: contentservice.CloneTargetMode[targetMode ?? 'REMOTE_HEAD'],
    branchRequired: fallbackToDefaultBranch !== true,
    config: {
      ...auth,
      authentication: contentservice.GitAuthMethod[authentication],
      ...(authSecretRef === undefined ? {} : basicAuth(authSecretRef.name, secrets)),
    },
  };
}

/** Credentials from a Secret of type kubernetes.io/basic-auth. */
function basicAuth(name: string, secrets: SecretLookup): contentservice.GitConfig.$Properties {
  const secret = secrets.get(name);
  if (secret === undefined) {
    throw new ContentError(
      'SecretNotFound',
      `the Secret ${name} that config.authSecretRef names does not exist`,
    );
  }
  const { username, password } = secret;
  if (password === undefined) {
    throw new ContentError(
      'SecretNotFound',
      `the Secret ${name} that config.authSecretRef names has no key password`,
    );
  }
  return {
    authentication: contentservice.GitAuthMethod.BASIC_AUTH,
    authPassword: password,
    ...(username === undefined ? {} : { authUser: username }),
  };
}
