/** What a cluster's operator tells by environment variables: the proxies to use and whom to trust. */

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Proxies {
  /** For http URLs; empty for none. */
  readonly http: string;
  /** For https URLs; empty for none. */
  readonly https: string;
  /** Hosts that are reached directly, as a list with commas. */
  readonly except: string;
}

/** Either spelling counts: manifests tend to have capitals, while curl knows http_proxy only. */
export function proxies(env: Variables): Proxies {
  const find = (name: string): string | undefined => env[name] ?? env[name.toUpperCase()];
  const all = find('all_proxy') ?? '';
  return {
    http: find('http_proxy') ?? all,
    https: find('https_proxy') ?? all,
    except: find('no_proxy') ?? '',
  };
}

/** Path of a file with certificates to trust, where the operator names one for all programs. */
export function certificatesFile(env: Variables): string | undefined {
  return env['SSL_CERT_FILE'] || undefined;
}
