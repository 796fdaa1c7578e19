import { type ConfigEntry, configEnvironment } from './config.ts';
import { certificatesFile, proxies, type Variables } from '../surroundings.ts';
import type { CredentialSettings } from './credentials.ts';

/** No prompt, no settings of the machine or a person, no other transports, messages that can be read. */
const fixed: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  HOME: '/nonexistent',
  XDG_CONFIG_HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  GIT_ALLOW_PROTOCOL: 'http:https',
  // The form of index that cloneSize reads.
  GIT_INDEX_VERSION: '2',
  // git-lfs would use ssh where a repository asks for it, and says how far it is to terminals only.
  GIT_SSH_COMMAND: 'false',
  GIT_LFS_FORCE_PROGRESS: '1',
  GIT_EDITOR: 'false',
  GIT_PAGER: 'cat',
  // For the reflog; without them git asks the resolver for its own host's domain.
  GIT_AUTHOR_NAME: 'workspace-content',
  GIT_AUTHOR_EMAIL: 'workspace-content@localhost',
  GIT_COMMITTER_NAME: 'workspace-content',
  GIT_COMMITTER_EMAIL: 'workspace-content@localhost',
};

/** No program of a repository or its configuration runs by the way, and nothing stays behind. */
const fixedConfig: readonly ConfigEntry[] = [
  { key: 'core.hooksPath', value: '/dev/null' },
  { key: 'core.fsmonitor', value: 'false' },
  { key: 'core.splitIndex', value: 'false' },
  { key: 'safe.directory', value: '*' },
  { key: 'gc.auto', value: '0' },
  { key: 'maintenance.auto', value: 'false' },
  { key: 'advice.detachedHead', value: 'false' },
  // Files are written by several processes: a quarter off the checkout of some thousand, on two cores.
  { key: 'checkout.workers', value: '4' },
];

export interface GitSettings {
  /** What the user asks for; this program's own settings win over it. */
  readonly config?: readonly ConfigEntry[];
  /** Only for commands that talk to the remote. */
  readonly network?: {
    readonly credentials: CredentialSettings;
    /** After so long without data git gives up. */
    readonly silenceMs: number;
  };
}

/** The whole environment of a git command. */
export function gitEnvironment(
  parent: Variables,
  { config = [], network }: GitSettings = {},
): Record<string, string> {
  const entries = [...config, ...fixedConfig];
  if (network !== undefined) {
    const seconds = Math.max(1, Math.ceil(network.silenceMs / 1000));
    entries.push(
      { key: 'http.lowSpeedLimit', value: '1' },
      { key: 'http.lowSpeedTime', value: String(seconds) },
      ...network.credentials.config,
    );
  }
  return {
    ...fixed,
    ...surroundings(parent),
    ...network?.credentials.environment,
    ...configEnvironment(entries),
  };
}

/** Where git's programs are, how it reaches servers and whom it trusts. */
function surroundings(parent: Variables): Record<string, string> {
  const { http, https, except } = proxies(parent);
  const variables = {
    PATH: parent['PATH'],
    http_proxy: http,
    https_proxy: https,
    no_proxy: except,
    // git's curl does not know SSL_CERT_FILE.
    GIT_SSL_CAINFO: parent['GIT_SSL_CAINFO'] || certificatesFile(parent),
    GIT_SSL_CAPATH: parent['GIT_SSL_CAPATH'],
  };
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && value !== '') known[name] = value;
  }
  return known;
}
