import { invoke, type Invocation } from './invoke.ts';

export interface Variant {
  readonly metadata?: string;
  /** A further field of the spec. */
  readonly spec?: string;
  /** Behind `initializer:`. */
  readonly initializer?: string;
}

/** A WorkspaceContent of seven lines at most; JSON is YAML too, and keeps a table of variants short. */
export function manifest({
  metadata = '{name: one}',
  spec = '',
  initializer = '{empty: {}}',
}: Variant): string {
  return [
    'apiVersion: workspacecontent.dev/v1alpha1',
    'kind: WorkspaceContent',
    `metadata: ${metadata}`,
    'spec:',
    '  nodeName: demo',
    `  initializer: ${initializer}`,
    ...(spec === '' ? [] : [`  ${spec}`]),
  ].join('\n');
}

export async function validate(stdin: string, ...args: string[]): Promise<Invocation> {
  return await invoke(['validate', '-f', '-', ...args], { stdin });
}

export const url = 'https://example.com/r.git';
export const digest = `sha256:${'0'.repeat(64)}`;

/** A clone of `url` with further fields. */
export function git(fields: string): Variant {
  return { initializer: `{git: {remoteUri: "${url}", ${fields}}}` };
}

/** A download of one file. */
export function file(fields: string): Variant {
  return { initializer: `{download: {files: [{${fields}}]}}` };
}
