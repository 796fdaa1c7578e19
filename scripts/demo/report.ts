/** What the demo says when all is done. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeDaemon } from './cluster.ts';
import { samples } from './samples.ts';
import { type Content, readyCondition } from './table.ts';

const shownEntries = 8;

/** Where the content lies and what is in it. */
export async function describeContent(contents: readonly Content[]): Promise<string[]> {
  const lines = ['', 'The content:'];
  for (const content of contents.filter((each) => readyCondition(each)?.status === 'True')) {
    const path = content.status?.hostPath ?? '';
    lines.push(`  ${path}`, `    ${await list(path)}`);
  }
  return lines;
}

/** What the ones that failed say to their owner. */
export function describeFailures(contents: readonly Content[]): string[] {
  return contents.flatMap((content) => {
    const condition = readyCondition(content);
    if (condition === undefined || condition.status === 'True') return [];
    const { name } = content.metadata;
    const meant = samples.some((sample) => sample.name === name && sample.ready === 'False');
    return [
      '',
      meant ? `${name} is meant to fail, and says why:` : `${name} failed:`,
      `  ${condition.reason}: ${condition.message}`,
    ];
  });
}

/** How to go on by hand. */
export function describeNextSteps(
  kubeconfig: string,
  { log, metricsUrl }: NodeDaemon,
  hasKubectl: boolean,
): string[] {
  const install =
    '  (kubectl is not installed here: https://kubernetes.io/docs/tasks/tools, or apt-get install kubernetes-client)';
  return [
    '',
    'Go on in another terminal:',
    ...(hasKubectl ? [] : [install]),
    `  export KUBECONFIG=${kubeconfig}`,
    '  kubectl get wsc -o wide',
    '  kubectl describe wsc failing',
    '  kubectl get events',
    '  kubectl explain wsc.spec.initializer.git',
    `  curl ${metricsUrl}/metrics`,
    `  less ${log}`,
  ];
}

async function list(path: string): Promise<string> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = await Promise.all(entries.map(async (entry) => await unfold(path, entry)));
  const more = names.length - shownEntries;
  // Hidden ones last.
  const order = (name: string): string => name.replace(/^\./, '\uFFFF');
  const shown = names.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, shownEntries);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('  ');
}

/** A directory with one entry is shown with that. */
async function unfold(parent: string, entry: Dirent): Promise<string> {
  if (!entry.isDirectory()) return entry.name;
  const path = join(parent, entry.name);
  const [only, ...others] = await readdir(path, { withFileTypes: true });
  const inside = only !== undefined && others.length === 0 ? await unfold(path, only) : '';
  return `${entry.name}/${inside}`;
}
