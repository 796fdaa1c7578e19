/** The secrets in an initializer: filling in placeholders, and knowing what must show up nowhere. */
import { ContentError } from './errors.ts';
import { gitInitializers, type InitializerMessage } from './initializer.ts';
import type { SecretLookup } from './plan.ts';

/** What a value starts with that stands for a key of the Secret in spec.secretRef. */
const placeholder = 'extracted-secret/';

const secretFields = ['authUser', 'authPassword', 'authOts'] as const;

/** A token may stand in their queries. */
const urlFields = ['remoteUri', 'upstreamRemoteUri'] as const;

/**
 * Puts the values of the Secret in place of `extracted-secret/<key>`, in place. Throws InvalidSpec
 * when there is no spec.secretRef, SecretNotFound when the Secret or the key is not there.
 */
export function fillSecrets(
  message: InitializerMessage,
  secretName: string | undefined,
  secrets: SecretLookup,
): void {
  for (const { git, path } of gitInitializers(message)) {
    for (const name of secretFields) {
      const value = git.config?.[name];
      if (git.config && value?.startsWith(placeholder)) {
        const field = `spec.initializer.${path}.config.${name}`;
        git.config[name] = lookUp(value.slice(placeholder.length), field, secretName, secrets);
      }
    }
  }
}

function lookUp(
  key: string,
  field: string,
  secretName: string | undefined,
  secrets: SecretLookup,
): string {
  if (secretName === undefined) {
    throw new ContentError(
      'InvalidSpec',
      `${field}: stands for a key of the Secret in spec.secretRef, which is not set`,
    );
  }
  const secret = secrets.get(secretName);
  if (secret === undefined) {
    throw new ContentError(
      'SecretNotFound',
      `the Secret ${secretName} that spec.secretRef names does not exist`,
    );
  }
  const value = secret[key];
  if (value === undefined) {
    throw new ContentError(
      'SecretNotFound',
      `the Secret ${secretName} has no key ${key}, which ${field} stands for`,
    );
  }
  return value;
}

/** What of an initializer may show up in no log, status, event or error: credentials and URLs' queries. */
export function secretValues(message: InitializerMessage): readonly string[] {
  const values = new Set<string>();
  for (const { git } of gitInitializers(message)) {
    if (git.config?.authPassword) values.add(git.config.authPassword);
    if (git.config?.authOts) values.add(git.config.authOts);
    for (const name of urlFields) values.add(queryOf(git[name]));
  }
  for (const { url } of downloads(message)) values.add(queryOf(url));
  values.delete('');
  return [...values];
}

/** Tools that print a URL print all of it. */
function queryOf(url: string | null | undefined): string {
  return /\?(.*)/s.exec(url ?? '')?.[1] ?? '';
}

/** What stands in place of a secret where the rest is shown. */
export const redacted = '[redacted]';

/** Hides the credentials of an initializer in place, in the message's or in the resource's form. */
export function hideSecrets(message: InitializerMessage): void {
  for (const { git } of gitInitializers(message)) {
    for (const name of ['authPassword', 'authOts'] as const) {
      if (git.config?.[name]) git.config[name] = redacted;
    }
    for (const name of urlFields) {
      const url = git[name];
      if (url) git[name] = withoutQuery(url);
    }
  }
  for (const file of downloads(message)) {
    if (file.url) file.url = withoutQuery(file.url);
  }
}

function withoutQuery(url: string): string {
  return url.replace(/\?.*/s, `?${redacted}`);
}

/** Every file in the tree's download initializers. */
function* downloads(message: InitializerMessage): Generator<{ url?: string | null }> {
  yield* message.download?.files ?? [];
  for (const step of message.composite?.initializer ?? []) yield* downloads(step);
}
