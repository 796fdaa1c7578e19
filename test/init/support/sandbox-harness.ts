/** A node for one test: state directory, data root, and a stand-in for the child's program. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRunEnvironment, type RunEnvironment } from '../../../src/init/environment.ts';
import {
  runInitializer,
  type RunOptions,
  type RunRequest,
  type RunResult,
} from '../../../src/init/run.ts';
import { listContainers } from '../../../src/init/containers.ts';
import { prepareDestination } from '../../../src/init/destination.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../../support/leftovers.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';

/** What ends a stand-in that has made the content: without a report, it counts as broken off. */
export const reportDone = `
(await import('node:fs')).writeSync(4, '{"source":"from-other","metrics":[],"warnings":[]}');
`;

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface SandboxHarness extends AsyncDisposable {
  readonly temp: TempDir;
  readonly environment: RunEnvironment;
  readonly dataRoot: string;
  readonly log: LogLine[];
  /** Replaces the child's program. */
  child(source: string): Promise<void>;
  /** A directory of a resource, as the controller prepares it. */
  destination(name?: string): Promise<string>;
  request(fields?: Partial<RunRequest>): Promise<RunRequest>;
  run(fields?: Partial<RunRequest>, options?: Partial<RunOptions>): Promise<RunResult>;
}

/** A uid that no other test has, and that leftovers are found by. */
export function freshUid(): string {
  return crypto.randomUUID();
}

export async function createSandboxHarness(
  options: Partial<RunEnvironment> = {},
): Promise<SandboxHarness> {
  const temp = await createTempDir('wsc-init-');
  await chmod(temp.path, 0o755);
  const childDir = temp.join('child');
  await mkdir(childDir);
  const log: LogLine[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    log.push({ level, fields: { ...fields }, message });
  };
  const environment = createRunEnvironment({
    stateDir: temp.join('state'),
    childDir,
    variables: { PATH: process.env['PATH'] },
    log: {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    ...options,
  });
  const dataRoot = temp.join('data');
  const destination = async (name = 'content'): Promise<string> => {
    const owner = { uid: 33333, gid: 33333 };
    const path = `${dataRoot}/tests/${name}`;
    return (await prepareDestination(dataRoot, 'tests', path, owner)).path;
  };
  const request = async (fields: Partial<RunRequest> = {}): Promise<RunRequest> => ({
    uid: freshUid(),
    attempt: 1,
    destination: fields.destination ?? (await destination()),
    initializer: new Uint8Array(),
    secrets: [],
    idMappings: [],
    runAsUser: 33333,
    runAsGroup: 33333,
    owner: { owner: 'somebody', workspaceID: 'workspace-1', instanceID: 'instance-1' },
    cleanSlate: false,
    ...fields,
  });
  return {
    temp,
    environment,
    dataRoot,
    log,
    destination,
    request,
    child: async (source) => await writeFile(`${childDir}/child.mjs`, source),
    run: async (fields, runOptions) =>
      await runInitializer(await request(fields), environment, {
        signal: new AbortController().signal,
        ...runOptions,
      }),
    [Symbol.asyncDispose]: async () => await temp.remove(),
  };
}

/** Of a run that is over: no process, mount, cgroup, container or bundle. */
export async function assertNothingLeft(harness: SandboxHarness, uid: string): Promise<void> {
  assert.deepEqual(await findProcesses(uid), []);
  assert.deepEqual(await mountsUnder(harness.environment.stateDir), []);
  assert.deepEqual(await cgroupsNamed(uid), []);
  assert.deepEqual(await listContainers(harness.environment), []);
  const complaints = harness.log.filter(({ message }) => message.includes('stays behind'));
  assert.deepEqual(complaints, []);
}
