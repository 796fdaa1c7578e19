import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import type { SecretLookup } from '../../api/plan.ts';
import type { ContentResource } from '../../api/resource.ts';
import { checkContent } from '../input/check.ts';
import { locate, parseManifests } from '../input/manifests.ts';
import { inputName, readInput } from '../input/read.ts';
import { InputError } from '../problems.ts';

export interface OneContent {
  /** With defaults filled in. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly resource: ContentResource;
  readonly secrets: SecretLookup;
}

/** The one WorkspaceContent of a file, fit to be run. Throws InputError with all that is wrong. */
export async function readOne(
  file: string,
  stdin: Readable,
  dataRoot: string,
): Promise<OneContent> {
  const source = inputName(file);
  const manifests = parseManifests(await readInput(file, stdin), source);
  const [document, ...more] = manifests.contents;
  if (document === undefined) throw new InputError(`${source}: holds no WorkspaceContent`);
  if (more.length > 0) {
    const names = manifests.contents.map(({ name }) => name).join(', ');
    throw new InputError(
      `${source}: holds ${more.length + 1} WorkspaceContents (${names}); run takes one`,
    );
  }
  const { problems, object, resource, secrets, missingSecrets } = checkContent(
    document,
    manifests,
    {
      dataRoot,
      nodeName: hostname(),
    },
  );
  if (resource === undefined) {
    throw new InputError(problems.map((problem) => locate(source, document, problem)).join('\n'));
  }
  const [missing] = missingSecrets;
  if (missing !== undefined) {
    const { namespace, name } = document;
    throw new InputError(
      `${source}: ${name} needs the Secret ${missing} of the namespace ${namespace}; put it into the same file, behind a line with ---`,
    );
  }
  if (resource.spec.suspend) {
    throw new InputError(
      locate(source, document, {
        field: 'spec.suspend',
        message: 'is true, so there is nothing to run',
      }),
    );
  }
  return { object, resource, secrets };
}
