/** The samples and what is to become of each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifests, pathOf } from '../../test/control-plane/manifests.ts';
import type { KubeClient } from '../../test/control-plane/client.ts';
import { projectRoot } from './project.ts';

export interface Sample {
  /** Of the resource, and of its file in deploy/samples. */
  readonly name: string;
  readonly ready: 'True' | 'False';
  /** Of the condition Ready. */
  readonly reason: string;
}

const success = 'InitializationSuccess';

export const samples: readonly Sample[] = [
  { name: 'empty', ready: 'True', reason: success },
  { name: 'git', ready: 'True', reason: success },
  { name: 'download', ready: 'True', reason: success },
  { name: 'composite', ready: 'True', reason: success },
  { name: 'snapshot', ready: 'True', reason: success },
  { name: 'prebuild', ready: 'True', reason: success },
  { name: 'backup', ready: 'True', reason: success },
  { name: 'failing', ready: 'False', reason: 'GitRepositoryNotFound' },
];

/** Where URLs that start with a key lead instead. */
export type Rewrites = ReadonlyMap<string, string>;

/** A sample's text with its URLs led to local servers. */
export async function readSample(name: string, rewrites: Rewrites): Promise<string> {
  let text = await readFile(join(projectRoot, 'deploy/samples', `${name}.yaml`), 'utf8');
  for (const [from, to] of rewrites) text = text.replaceAll(from, to);
  return text;
}

export async function applySample(
  client: KubeClient,
  name: string,
  rewrites: Rewrites,
): Promise<void> {
  for (const manifest of parseManifests(await readSample(name, rewrites))) {
    await client.apply(await pathOf(client, manifest), manifest, { fieldManager: 'demo' });
  }
}
