/** What a run uses of the node. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings, type SandboxSettings } from './settings.ts';

/** The part of pino that is used here. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RunEnvironment {
  /** Holds bundles/ and runc/, the state of runc. Each directory above it must be open to all (o+x). */
  readonly stateDir: string;
  /** Path or name in PATH. */
  readonly runcBinary: string;
  /** Node that runs the child in the sandbox. */
  readonly nodeBinary: string;
  /** Holds child.mjs and what belongs to it. */
  readonly childDir: string;
  readonly sandbox: SandboxSettings;
  readonly log: Logger;
  /** The daemon's own environment; PATH, proxy and CA settings are taken from it. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** A clock that never goes back, milliseconds. */
  readonly now: () => number;
}

export type RunEnvironmentOptions = Pick<RunEnvironment, 'stateDir'> & Partial<RunEnvironment>;

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

export function createRunEnvironment(options: RunEnvironmentOptions): RunEnvironment {
  return {
    runcBinary: 'runc',
    nodeBinary: process.execPath,
    childDir: findChildDir(import.meta.dirname),
    sandbox: defaultSettings,
    log: silent,
    variables: process.env,
    now: () => performance.now(),
    ...options,
  };
}

/** Of one container below the state directory. */
export function containerPaths({ stateDir }: Pick<RunEnvironment, 'stateDir'>, id: string) {
  const bundle = join(stateDir, 'bundles', id);
  return {
    bundle,
    rootfs: join(bundle, 'rootfs'),
    config: join(bundle, 'config.json'),
    runcLog: join(bundle, 'runc.log'),
    /** There while the run may have a network of its own. */
    network: join(bundle, 'network'),
    runcState: join(stateDir, 'runc', id),
  };
}

/** Beside the bundled program in dist/, or in dist/ of the repository when the sources run. */
function findChildDir(here: string): string {
  const bundled = join(here, 'child');
  return existsSync(join(bundled, 'child.mjs')) ? bundled : join(here, '../../dist/child');
}
