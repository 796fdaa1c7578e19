/** Which files of the node the sandbox sees, all of them read-only. Never /var, /etc as a whole or /sys. */
import { lstat, readlink, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunEnvironment } from './environment.ts';
import { isWithin } from './mounts.ts';
import { findResolver } from './network/resolver.ts';
import type { Mount } from './runtime-spec.ts';
import { caVariables } from './sandbox-environment.ts';
import { bindMount } from './spec.ts';

export interface HostFiles {
  readonly mounts: readonly Mount[];
  /** Symbolic links in the root directory: name and target, such as bin and usr/bin. */
  readonly links: readonly (readonly [name: string, target: string])[];
  /** Node and the child's program as the sandbox sees them. */
  readonly args: readonly string[];
  /** Settings that are paths, as the sandbox sees them: V8's cache, and CA files of the daemon's settings. */
  readonly variables: Readonly<Record<string, string>>;
}

const childInSandbox = '/opt/workspace-content/child';
const nodeInSandbox = '/opt/workspace-content/bin/node';
/** docs/adr/0002-child-start-up.md; a cache that is not there is passed over. */
const compileCache = {
  NODE_COMPILE_CACHE: `${childInSandbox}/cache`,
  NODE_COMPILE_CACHE_PORTABLE: '1',
};
const caInSandbox = '/etc/workspace-content/ca';

/** Beside /usr: directories of their own or links into it, as the distribution has it. */
const systemDirectories = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

const resolvConf = '/etc/resolv.conf';

/** Names, addresses and users; the places where distributions keep CA certificates; the linker's cache. */
const settings = [
  '/etc/hosts',
  '/etc/nsswitch.conf',
  '/etc/passwd',
  '/etc/group',
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ssl/cert.pem',
  '/etc/ssl/openssl.cnf',
  '/etc/ca-certificates',
  '/etc/pki/tls/certs',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/ca-trust/extracted',
];

/** Looks at the node each time: certificates and resolv.conf may come while the daemon runs. */
export async function findHostFiles(environment: RunEnvironment): Promise<HostFiles> {
  const [system, optional, resolver, ca] = await Promise.all([
    Promise.all(systemDirectories.map(systemDirectory)),
    Promise.all(settings.map((path) => settingMount(path))),
    resolverPath(environment).then(async (path) => await settingMount(path, resolvConf)),
    findCaFiles(environment.variables),
  ]);
  // /usr stands alone: with Node below it there is nothing to add.
  const ownNode = isWithin(environment.nodeBinary, '/usr');
  return {
    mounts: [
      bindMount('/usr', '/usr', 'ro'),
      ...system.flatMap(({ mount }) => mount ?? []),
      ...optional.flat(),
      ...resolver,
      bindMount(environment.childDir, childInSandbox, 'ro'),
      ...(ownNode ? [] : [bindMount(environment.nodeBinary, nodeInSandbox, 'ro')]),
      ...ca.mounts,
    ],
    links: system.flatMap(({ link }) => (link === undefined ? [] : [link])),
    args: [ownNode ? environment.nodeBinary : nodeInSandbox, join(childInSandbox, 'child.mjs')],
    variables: { ...compileCache, ...ca.paths },
  };
}

async function systemDirectory(
  name: string,
): Promise<{ link?: readonly [string, string]; mount?: Mount }> {
  const path = `/${name}`;
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return {};
  return found.isSymbolicLink()
    ? { link: [name, await readlink(path)] }
    : { mount: bindMount(path, path, 'ro') };
}

/** These may lie on file systems that are mounted noexec, which the kernel wants repeated. */
async function settingMount(path: string, inside = path): Promise<Mount[]> {
  return (await exists(path)) ? [bindMount(path, inside, 'ro', 'noexec')] : [];
}

/** A nameserver on the node's loopback is out of reach for a sandbox with a loopback of its own. */
async function resolverPath({ sandbox }: RunEnvironment): Promise<string> {
  return sandbox.network.mode === 'host' ? resolvConf : (await findResolver()).path;
}

/** A place of their own for files that the operator chose, so that they cover nothing else. */
async function findCaFiles(variables: RunEnvironment['variables']) {
  const named = caVariables.flatMap((name) => {
    const path = variables[name];
    return path === undefined || path === '' ? [] : [{ name, path: resolve(path) }];
  });
  const present = await Promise.all(
    named.map(async (entry) => ((await exists(entry.path)) ? [entry] : [])),
  );
  const files = present
    .flat()
    .map((entry) => ({ ...entry, inside: `${caInSandbox}/${entry.name}` }));
  return {
    mounts: files.map(({ path, inside }) => bindMount(path, inside, 'ro', 'noexec')),
    paths: Object.fromEntries(files.map(({ name, inside }) => [name, inside])),
  };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
