import { defineCommand } from '../command.ts';
import { sandboxFlags } from './sandbox-flags.ts';
import {
  dataRootFlag,
  fileFlag,
  outputFlag,
  stateDirFlag,
  storageConfigFlag,
} from './shared-flags.ts';

export const runCommand = defineCommand(
  {
    name: 'run',
    summary: 'Make the content of one resource on this machine, without a cluster.',
    description: [
      'Makes one attempt at one WorkspaceContent by the same engine as the daemon, and waits for it. The Secrets that it names stand in the same file. nodeName may be missing. Needs root and runc.',
      'The directory has to be empty or missing, unless the resource has existingContent: Replace. One that belongs to a resource of the daemon, or that another process is at work in, is refused in any case. When the attempt fails, or Ctrl-C ends it, nothing of it stays.',
      'Progress goes to standard error, the outcome to standard output; with -o json that is the resource with its status, secrets hidden. Exit codes: 0 the content is ready, 1 it failed, 2 the input is invalid.',
    ],
    flags: {
      file: fileFlag,
      output: outputFlag,
      dataRoot: dataRootFlag,
      stateDir: {
        ...stateDirFlag,
        description:
          "Holds the sandbox while it runs, and the journal of the daemon: what that has down as made, or as another resource's, is never touched.",
      },
      storageConfig: storageConfigFlag,
      ...sandboxFlags,
    },
    examples: [
      'sudo wscontent run -f content.yaml',
      'sudo wscontent run -f content.yaml --data-root /srv/data -o json',
    ],
  },
  async () => (await import('../run/run-file.ts')).runFile,
);
