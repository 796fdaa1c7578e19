import type { Context } from '../command.ts';
import { checkContent } from '../input/check.ts';
import { describeResource } from '../input/describe.ts';
import { locate, parseManifests } from '../input/manifests.ts';
import { inputName, readInput } from '../input/read.ts';
import { exitCodes, InputError } from '../problems.ts';

interface ValidateOptions {
  readonly file: string;
  readonly output: 'json' | undefined;
  readonly dataRoot: string;
}

/** `wscontent validate`: problems go to standard error, all of them; exit code 2 when there are any. */
export async function validateFile(
  { file, output, dataRoot }: ValidateOptions,
  { stdin, stdout, stderr }: Context,
): Promise<number> {
  const source = inputName(file);
  const manifests = parseManifests(await readInput(file, stdin), source);
  if (manifests.contents.length === 0) throw new InputError(`${source}: holds no WorkspaceContent`);

  let valid = true;
  for (const document of manifests.contents) {
    const checked = checkContent(document, manifests, { dataRoot });
    const { namespace, name } = document;
    if (checked.resource === undefined) {
      valid = false;
      for (const problem of checked.problems)
        stderr.write(`${locate(source, document, problem)}\n`);
    } else if (output === 'json') {
      stdout.write(`${JSON.stringify(describeResource(checked.object), undefined, 2)}\n`);
    } else {
      stdout.write(`${source}: ${namespace}/${name} is valid\n`);
      for (const secret of checked.missingSecrets) {
        const where = `in the namespace ${namespace}, which was not checked`;
        stdout.write(`  it needs the Secret ${secret} ${where}\n`);
      }
    }
  }
  return valid ? exitCodes.success : exitCodes.invalid;
}
