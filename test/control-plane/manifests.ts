import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { type ApplyOptions, type KubeClient, KubeError, type KubeObject } from './client.ts';

/** An object as a person writes it, before the server has seen it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Reads the objects of a YAML text of one or more documents. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      if ('errors' in document && document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);
}

/** The path of the object that a manifest describes, as the server's discovery says. */
export async function pathOf(client: KubeClient, manifest: Manifest): Promise<string> {
  const { apiVersion, kind, metadata } = manifest;
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { resources } = await client.get<{ resources: ApiResource[] }>(base);
  const resource = resources.find((found) => found.kind === kind && !found.name.includes('/'));
  if (resource === undefined) throw new Error(`the server knows no ${kind} in ${apiVersion}`);
  const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${base}${namespace}/${resource.name}/${metadata.name}`;
}

/** Server-side applies each object of a YAML text, in its order. */
export async function applyManifests(
  client: KubeClient,
  text: string,
  options: ApplyOptions = {},
): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  for (const manifest of parseManifests(text)) {
    applied.push(await client.apply(await pathOf(client, manifest), manifest, options));
  }
  return applied;
}

/** Applies every YAML file of a folder of custom resource definitions and waits until they are served. */
export async function installCrds(client: KubeClient, folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const { metadata } of await applyManifests(client, text)) {
      await untilServed(client, metadata.name);
    }
  }
}

interface CustomResourceDefinition {
  spec: { group: string; names: { plural: string }; versions: { name: string; served: boolean }[] };
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

async function untilServed(client: KubeClient, name: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const crd = await client.get<CustomResourceDefinition>(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    );
    const version = crd.spec.versions.find(({ served }) => served)?.name;
    const path = `/apis/${crd.spec.group}/${version}/${crd.spec.names.plural}?limit=1`;
    const served = await client.list(path).then(
      () => true,
      // Established comes a moment before its paths are served.
      (error: unknown) => {
        if (error instanceof KubeError && error.status === 404) return false;
        throw error;
      },
    );
    if (served) return;
    if (Date.now() > deadline) {
      throw new Error(`${name} is not served: ${JSON.stringify(crd.status?.conditions)}`);
    }
    await delay(25);
  }
}
