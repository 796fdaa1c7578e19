import { authorityOf } from '../urls.ts';
import type { ConfigEntry } from './config.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * git runs this as a credential helper. It reads what git asks for and answers `get` only, and only
 * for the very protocol, host and port that the credentials are for: a submodule's host or the target
 * of a redirect gets nothing.
 */
const helper = `!answer() {
  test "$1" = get || return 0
  protocol= host=
  while IFS= read -r line; do
    case $line in
      protocol=*) protocol=\${line#*=} ;;
      host=*) host=\${line#*=} ;;
      '') break ;;
    esac
  done
  test "$protocol://$host" = "$WSC_GIT_ORIGIN" || return 0
  printf 'username=%s\\npassword=%s\\n' "$WSC_GIT_USER" "$WSC_GIT_PASSWORD"
}; answer`;

export interface CredentialSettings {
  readonly config: readonly ConfigEntry[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What makes git use the credentials for one remote; they travel in the environment only. */
export function credentialSettings(
  remoteUri: string,
  credentials: Credentials | undefined,
): CredentialSettings {
  // The empty value makes git forget the helpers that any other configuration names.
  const reset: ConfigEntry[] = [
    { key: 'credential.helper', value: '' },
    { key: 'credential.useHttpPath', value: 'false' },
  ];
  if (credentials === undefined) return { config: reset, environment: {} };
  const origin = `${remoteUri.slice(0, remoteUri.indexOf(':'))}://${authorityOf(remoteUri)}`;
  return {
    config: [...reset, { key: `credential.${origin}.helper`, value: helper }],
    environment: {
      WSC_GIT_ORIGIN: origin,
      WSC_GIT_USER: credentials.user,
      WSC_GIT_PASSWORD: credentials.password,
    },
  };
}
