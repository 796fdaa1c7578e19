/** The OCI bundle of a run: a directory with config.json and a root filesystem that is nothing but mount points. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cgroupName } from './cgroups.ts';
import type { DestinationOwner } from './destination.ts';
import { containerPaths, type RunEnvironment } from './environment.ts';
import { findHostFiles } from './host-files.ts';
import { mountOf, readMounts } from './mounts.ts';
import { toResources } from './resources.ts';
import { sandboxVariables } from './sandbox-environment.ts';
import { buildSpec, sandboxRootId, type SpecNetwork } from './spec.ts';
import { unmountWithin } from './unmount.ts';

/**
 * The sandbox's root must get to its root filesystem, and to node files it is anybody. So these are
 * open for passing through, though not for looking; config.json is root's alone.
 */
const passageMode = 0o711;

export interface BundleOptions extends DestinationOwner {
  readonly destination: string;
  readonly network?: SpecNetwork;
}

/** Makes the bundle of a run; there must be none of that name yet. */
export async function makeBundle(
  environment: RunEnvironment,
  id: string,
  { destination, uid, gid, network = 'host' }: BundleOptions,
): Promise<void> {
  const [files, mounts] = await Promise.all([findHostFiles(environment), readMounts()]);
  const spec = buildSpec({
    uid,
    gid,
    cgroup: cgroupName(environment, id),
    args: files.args,
    env: sandboxVariables(environment.variables, files.variables),
    hostMounts: files.mounts,
    destination,
    destinationNoexec: mountOf(destination, mounts)?.options.includes('noexec') ?? false,
    cgroupNamespace: existsSync('/proc/self/ns/cgroup'),
    network,
    resources: toResources(environment.sandbox.limits),
  });
  const { bundle, rootfs, config } = containerPaths(environment, id);
  await openPassage(environment.stateDir);
  await openPassage(dirname(bundle));
  await openPassage(bundle);
  await mkdir(rootfs);
  await Promise.all([
    writeFile(config, JSON.stringify(spec), { mode: 0o600, flag: 'wx' }),
    ...files.links.map(([name, target]) => symlink(target, join(rootfs, name))),
    // runc makes the mount points in it, as the sandbox's root, before it turns read-only.
    chown(rootfs, sandboxRootId, sandboxRootId),
  ]);
}

/**
 * Removes a bundle, if it is there. Nothing is removed while anything is mounted in it: a mount left
 * over in there could be somebody's content.
 */
export async function removeBundle(
  environment: Pick<RunEnvironment, 'stateDir'>,
  id: string,
): Promise<void> {
  const { bundle } = containerPaths(environment, id);
  await unmountWithin(bundle);
  await rm(bundle, { recursive: true, force: true });
}

/** The first directory on the way to a path that is not open for passing through (o+x), if any. */
export async function closedDirectory(path: string): Promise<string | undefined> {
  if (dirname(path) !== path) {
    const above = await closedDirectory(dirname(path));
    if (above !== undefined) return above;
  }
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.mode & 0o001) === 0 ? path : undefined;
}

/** A directory of the daemon's own that is open for passing through, whatever the umask. */
async function openPassage(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: passageMode });
  const { mode } = await stat(path);
  if ((mode & 0o011) !== 0o011) await chmod(path, mode | 0o011);
}
