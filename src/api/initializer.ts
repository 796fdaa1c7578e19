/** Reading the protobuf form of an initializer, and showing it in the resource's form. */
import { ContentError } from './errors.ts';
import { contentservice } from './initializer.generated.js';
import { defaultLimits, type ContentLimits } from './protocol.ts';

export type InitializerMessage = contentservice.WorkspaceInitializer.$Properties;
export type GitMessage = contentservice.GitInitializer.$Properties;

/** Bytes of an encoded initializer. */
const maxMessageBytes = 256 * 1024;

/**
 * Decodes a contentservice.WorkspaceInitializer of any client; fields that this project does not
 * know are dropped. Throws InvalidSpec for garbage, for a message without an initializer in it, and
 * beyond the limits on size, depth and number of steps.
 */
export function decodeInitializer(
  bytes: Uint8Array,
  limits: ContentLimits = defaultLimits,
): InitializerMessage {
  if (bytes.length > maxMessageBytes) {
    throw new ContentError(
      'InvalidSpec',
      `the initializer has ${bytes.length} bytes, more than ${maxMessageBytes}`,
    );
  }
  let message: InitializerMessage;
  try {
    message = contentservice.WorkspaceInitializer.decode(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ContentError(
      'InvalidSpec',
      `the initializer is no contentservice.WorkspaceInitializer: ${why}`,
    );
  }
  checkTree(message, limits);
  return message;
}

function checkTree(root: InitializerMessage, limits: ContentLimits): void {
  let steps = 0;
  const visit = (message: InitializerMessage, path: string, depth: number): void => {
    steps += 1;
    if (steps > limits.steps) {
      throw new ContentError('InvalidSpec', `the initializer has more than ${limits.steps} steps`);
    }
    if (depth > limits.compositeDepth) {
      throw new ContentError(
        'InvalidSpec',
        `the initializer nests composites more than ${limits.compositeDepth} deep`,
      );
    }
    if (initializerKind(message) === undefined) {
      throw new ContentError(
        'InvalidSpec',
        `${path === '' ? 'the initializer' : path} names none of ${kinds.join(', ')}`,
      );
    }
    message.composite?.initializer?.forEach((step, index) =>
      visit(step, `${path}${path === '' ? '' : '.'}composite[${index}]`, depth + 1),
    );
  };
  visit(root, '', 0);
}

const kinds = ['empty', 'git', 'snapshot', 'prebuild', 'composite', 'download', 'backup'] as const;
export type InitializerKind = (typeof kinds)[number];

/** Which of the seven the message asks for; undefined when it asks for none. */
export function initializerKind(message: InitializerMessage): InitializerKind | undefined {
  return kinds.find((kind) => message[kind] !== undefined && message[kind] !== null);
}

/** Every git initializer in the tree, those of prebuilds included, with its path. */
export function* gitInitializers(
  message: InitializerMessage,
  path = '',
): Generator<{ git: GitMessage; path: string }> {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (message.git) yield { git: message.git, path: below('git') };
  for (const [index, git] of (message.prebuild?.git ?? []).entries()) {
    yield { git, path: below(`prebuild.git[${index}]`) };
  }
  for (const [index, step] of (message.composite?.initializer ?? []).entries()) {
    yield* gitInitializers(step, below(`composite.initializer[${index}]`));
  }
}

/** Every backup initializer in the tree, with its path. */
export function* backupInitializers(
  message: InitializerMessage,
  path = '',
): Generator<{ backup: NonNullable<InitializerMessage['backup']>; path: string }> {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (message.backup) yield { backup: message.backup, path: below('backup') };
  for (const [index, step] of (message.composite?.initializer ?? []).entries()) {
    yield* backupInitializers(step, below(`composite[${index}]`));
  }
}

/**
 * The message in the form of the resource's `spec.initializer`, enums by name, defaults left out.
 * Composites may be nested deeper than the resource allows. Credentials are shown as they are.
 */
export function describeInitializer(message: InitializerMessage): Record<string, unknown> {
  const full = contentservice.WorkspaceInitializer.fromObject(message);
  const object = contentservice.WorkspaceInitializer.toObject(full, { enums: String });
  for (const { git } of gitInitializers(object)) {
    const shown = git as Record<string, unknown>;
    if (git.branchRequired !== true && shown['targetMode'] === 'REMOTE_BRANCH') {
      shown['fallbackToDefaultBranch'] = true;
    }
    delete shown['branchRequired'];
  }
  return object;
}
