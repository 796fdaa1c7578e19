import { ContentError } from '../../api/errors.ts';
import type { GitMessage } from '../../api/initializer.ts';
import { parseDirectory, type RelativePath } from '../paths.ts';
import { parseHttpUrl, publicUrl } from '../urls.ts';
import { comparableKey, type ConfigEntry, configProblem } from './config.ts';
import { invalid } from './invalid.ts';
import { type Login, parseLogin } from './login.ts';
import { parseTarget, type Target } from './target.ts';

export interface Remote {
  /** As the user wrote it. */
  readonly uri: string;
  /** The same as messages may show it. */
  readonly shown: string;
}

/** A git initializer, checked. */
export interface GitSpec {
  /** As the user wrote it. */
  readonly remoteUri: string;
  /** The same as messages may show it. */
  readonly repository: string;
  /** A second remote, by the name `upstream`. */
  readonly upstream?: Remote;
  readonly target: Target;
  readonly location: RelativePath;
  readonly full: boolean;
  readonly login?: Login;
  /** What is set before the clone and stays in it. */
  readonly config: readonly ConfigEntry[];
}

/** Every clone fetches all branches from now on, also one that was made of a single one. */
export const originRefspec = '+refs/heads/*:refs/remotes/origin/*';

/** What every clone has in its configuration besides, whatever the user asks for. */
const ownConfig: readonly ConfigEntry[] = [
  { key: 'fetch.writeCommitGraph', value: 'true' },
  { key: 'checkout.defaultRemote', value: 'origin' },
];

/** Checks a git initializer; `path` is its step. Throws InvalidSpec that names the field. */
export function parseGitSpec(message: GitMessage, path: string): GitSpec {
  if (message.config === undefined || message.config === null) {
    throw new ContentError('InvalidSpec', 'Git initializer misses config', { step: path });
  }
  const remoteUri = message.remoteUri ?? '';
  const url = parseHttpUrl(remoteUri, `${path}.remoteUri`);
  const target = parseTarget(message, path);
  const login = parseLogin(message.config, path);
  const upstream = parseUpstream(message.upstreamRemoteUri ?? '', `${path}.upstreamRemoteUri`);
  const spec = {
    remoteUri,
    repository: publicUrl(url),
    ...(upstream === undefined ? {} : { upstream }),
    target,
    location: parseDirectory(message.checkoutLocation ?? '', `${path}.checkoutLocation`),
    full: message.fullClone ?? false,
    ...(login === undefined ? {} : { login }),
  };
  const custom = parseCustomConfig(message.config.customConfig ?? {}, path);
  const own = new Set(
    [...cloneConfig(spec).map(({ key }) => key), 'remote.origin.fetch', 'remote.origin.url'].map(
      (key) => comparableKey(key),
    ),
  );
  return {
    ...spec,
    config: [
      ...(url.hostname === 'gitlab.com' ? [{ key: 'http.version', value: 'HTTP/1.1' }] : []),
      // A user's value for one of these would stand beside the clone's own.
      ...custom.filter(({ key }) => !own.has(comparableKey(key))),
    ],
  };
}

/** What is appended to the clone's configuration: the spec's own, and what every clone has. */
export function persistentConfig(spec: GitSpec): readonly ConfigEntry[] {
  return [...spec.config, ...cloneConfig(spec)];
}

function cloneConfig({ upstream }: Pick<GitSpec, 'upstream'>): readonly ConfigEntry[] {
  if (upstream === undefined) return ownConfig;
  return [
    ...ownConfig,
    { key: 'remote.upstream.url', value: upstream.uri },
    { key: 'remote.upstream.fetch', value: '+refs/heads/*:refs/remotes/upstream/*' },
  ];
}

function parseUpstream(uri: string, field: string): Remote | undefined {
  return uri === '' ? undefined : { uri, shown: publicUrl(parseHttpUrl(uri, field)) };
}

function parseCustomConfig(pairs: Record<string, string>, path: string): ConfigEntry[] {
  const entries = Object.entries(pairs).map(([key, value]) => ({
    key: key.trim(),
    value: value.trim(),
  }));
  for (const entry of entries) {
    const problem = configProblem(entry);
    if (problem !== undefined) {
      throw invalid(`${path}.config.customConfig`, `${JSON.stringify(entry.key)} ${problem}`);
    }
  }
  return entries;
}
