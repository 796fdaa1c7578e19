/** The environment variables of the program in the sandbox: all that it sees of the daemon's. */

export type Variables = Readonly<Record<string, string | undefined>>;

const proxyVariables = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/** Their values name files or directories of the node, which host-files.ts makes visible. */
export const caVariables = [
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
] as const;

/** @param paths settings whose values are paths inside the sandbox */
export function sandboxVariables(
  variables: Variables,
  paths: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
    HOME: '/tmp',
    LC_ALL: 'C.UTF-8',
    ...Object.fromEntries(
      proxyVariables.flatMap((name) => {
        const value = variables[name];
        return value === undefined || value === '' ? [] : [[name, value]];
      }),
    ),
    ...paths,
  };
}

/** Addresses of proxies, which may carry a password. */
export function proxyUrls(variables: Variables): string[] {
  return proxyVariables
    .filter((name) => !name.toLowerCase().startsWith('no_'))
    .map((name) => variables[name] ?? '')
    .filter((value) => value !== '');
}
