import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, type FindOptions, isExecutable } from '../control-plane/binaries.ts';
import { findGo, runGo } from '../control-plane/go-build.ts';
import { withLock } from '../control-plane/lock.ts';

const version = '1.8.0';
const module = 'github.com/versity/versitygw/cmd/versitygw';

/**
 * Finds versitygw, an S3 server: the program that `VERSITYGW` names, else the one in the cache folder of its
 * version, which is built from its Go module first when it has to be (a minute, once).
 */
export async function findVersitygw(options: FindOptions = {}): Promise<string> {
  const { env = process.env, log = (line) => process.stderr.write(`${line}\n`) } = options;
  const given = env['VERSITYGW'];
  if (given !== undefined && given !== '') {
    if (await isExecutable(given)) return given;
    throw new Error(`VERSITYGW is set, but ${given} is no program`);
  }
  const folder = cacheFolder(`versitygw-${version}`, env);
  const program = join(folder, 'versitygw');
  if (!(await isExecutable(program))) await fill(folder, program, log);
  return program;
}

async function fill(folder: string, program: string, log: (line: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withLock(join(folder, '.lock'), async () => {
    // Another run may have filled it while this one waited.
    if (await isExecutable(program)) return;
    const go = await findGo();
    if (go === undefined) {
      throw new Error('versitygw is missing: install Go, or set VERSITYGW to its program');
    }
    const started = Date.now();
    log(`building versitygw ${version} from its Go module, about a minute, once`);
    await build(go, program);
    log(`built versitygw ${version} in ${Math.round((Date.now() - started) / 1000)} s`);
  });
}

/** The program appears complete or not at all. */
async function build(go: string, program: string): Promise<void> {
  const work = await mkdtemp(`${program}.build-`);
  try {
    const args = ['install', '-trimpath', '-ldflags', '-s -w', `${module}@v${version}`];
    await runGo(go, args, work, { GOBIN: work });
    await rename(join(work, 'versitygw'), program);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
