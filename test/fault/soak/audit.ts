/** Every request of the daemon, as the API server's own audit log has it. */
import { readFile, writeFile } from 'node:fs/promises';
import type { TempDir } from '../../support/temp.ts';

export interface AuditedRequest {
  /** get, list, watch, create, patch... */
  readonly verb: string;
  /** Such as workspacecontents/status. */
  readonly resource: string;
  readonly name: string;
}

export interface Audit {
  /** For kube-apiserver. */
  readonly flags: string[];
  /** In the order of their arrival. */
  requests(): Promise<AuditedRequest[]>;
}

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  // A watch is a request from its beginning on.
  omitStages: ['ResponseStarted', 'ResponseComplete', 'Panic'],
  rules: [
    {
      level: 'Metadata',
      users: ['system:serviceaccount:workspace-content:workspace-content'],
    },
    { level: 'None' },
  ],
};

/** Its files go to the folder. */
export async function prepareAudit(folder: TempDir): Promise<Audit> {
  const [policyFile, log] = [folder.join('audit-policy.json'), folder.join('audit.log')];
  await writeFile(policyFile, JSON.stringify(policy));
  await writeFile(log, '');
  return {
    flags: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${log}`],
    async requests() {
      const text = await readFile(log, 'utf8');
      // The last line may be on its way.
      return text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '')
        .map(parseEvent);
    },
  };
}

function parseEvent(line: string): AuditedRequest {
  const { verb, objectRef = {} } = JSON.parse(line) as {
    verb: string;
    objectRef?: { resource?: string; subresource?: string; name?: string };
  };
  const { resource = '', subresource, name = '' } = objectRef;
  return {
    verb,
    name,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  };
}

/** What a settled daemon may go on asking for. */
export function isListening({ verb, resource }: AuditedRequest): boolean {
  return resource === 'workspacecontents' && (verb === 'list' || verb === 'watch');
}

/** The most status writes that one resource took, of resources whose names are their own. */
export function mostStatusWrites(requests: readonly AuditedRequest[]): number {
  const writes = new Map<string, number>();
  for (const { resource, name } of requests) {
    if (resource === 'workspacecontents/status') writes.set(name, (writes.get(name) ?? 0) + 1);
  }
  return Math.max(0, ...writes.values());
}
