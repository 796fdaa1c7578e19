import { defineCommand } from '../command.ts';
import { dataRootFlag, fileFlag, outputFlag } from './shared-flags.ts';

export const validateCommand = defineCommand(
  {
    name: 'validate',
    summary: 'Say what is wrong with a resource, field by field.',
    description: [
      'Checks WorkspaceContents as the API server and the daemon would, without a cluster: types, bounds, unknown fields, the rules between fields and, where the Secrets are in the file too, their keys. Says all that is wrong at once, with line and column.',
      'With -o json it prints each resource as it would be run: defaults filled in, initializerProto decoded into initializer, secrets hidden.',
    ],
    flags: { file: fileFlag, output: outputFlag, dataRoot: dataRootFlag },
    examples: [
      'wscontent validate -f content.yaml',
      'kubectl get wsc one -o yaml | wscontent validate -f - -o json',
    ],
  },
  async () => (await import('../validate/validate-file.ts')).validateFile,
);
