import { contentservice } from '../../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import { type ContentRequest, defaultLimits } from '../../../src/api/protocol.ts';

export type GitFields = contentservice.GitInitializer.$Properties;

export const { REMOTE_BRANCH, LOCAL_BRANCH, REMOTE_COMMIT } = contentservice.CloneTargetMode;
export const { BASIC_AUTH, BASIC_AUTH_OTS } = contentservice.GitAuthMethod;

/** What the host would hand over for the initializer. */
export function contentRequest(
  destination: string,
  initializer: InitializerMessage,
  others: Partial<ContentRequest> = {},
): ContentRequest {
  const bytes = contentservice.WorkspaceInitializer.encode(initializer).finish();
  return {
    destination,
    initializer: Buffer.from(bytes).toString('base64'),
    remoteContent: {},
    idMappings: [],
    uid: 33333,
    gid: 33333,
    owner: { owner: 'owner', workspaceID: 'workspace', instanceID: 'instance' },
    cleanSlate: false,
    limits: defaultLimits,
    ...others,
  };
}

export function git(fields: GitFields): InitializerMessage {
  return { git: { config: {}, ...fields } };
}

export function composite(...initializer: InitializerMessage[]): InitializerMessage {
  return { composite: { initializer } };
}
