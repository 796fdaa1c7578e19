import { defaultConfig } from '../../controller/config.ts';
import { defineCommand } from '../command.ts';
import type { Flags } from '../flags.ts';
import { address, directory, integer, oneOf, text } from '../values.ts';
import { sandboxFlags } from './sandbox-flags.ts';
import { dataRootFlag, stateDirFlag, storageConfigFlag } from './shared-flags.ts';

const flags = {
  nodeName: {
    name: 'node-name',
    value: 'NAME',
    description: 'The node whose resources are worked on: their spec.nodeName.',
    env: ['WSCONTENT_NODE_NAME', 'NODE_NAME'],
    required: true,
    parse: text,
  },
  dataRoot: dataRootFlag,
  stateDir: stateDirFlag,
  storageConfig: storageConfigFlag,
  maxConcurrent: {
    name: 'max-concurrent',
    value: 'N',
    description: 'How many attempts run at once.',
    env: ['WSCONTENT_MAX_CONCURRENT'],
    default: String(defaultConfig.maxConcurrent),
    parse: integer(1, 256),
  },
  ...sandboxFlags,
  metricsAddress: {
    name: 'metrics-address',
    value: 'HOST:PORT',
    description: 'Where /healthz, /readyz and /metrics are served; port 0 takes a free one.',
    env: ['WSCONTENT_METRICS_ADDRESS'],
    default: defaultConfig.metricsAddress,
    parse: address,
  },
  drainTimeout: {
    name: 'drain-timeout',
    value: 'SECONDS',
    description:
      'How long attempts that run may go on after SIGTERM before they are stopped. Whoever ends the daemon has to wait for 15 seconds more.',
    env: ['WSCONTENT_DRAIN_TIMEOUT'],
    default: String(defaultConfig.drainTimeoutMs / 1000),
    parse: integer(0, 86_400),
  },
  kubeconfig: {
    name: 'kubeconfig',
    value: 'FILE',
    description: 'How to reach the API server, instead of what is found by itself.',
    env: ['WSCONTENT_KUBECONFIG'],
    parse: directory,
  },
  logLevel: {
    name: 'log-level',
    value: 'LEVEL',
    description: 'What is logged: fatal, error, warn, info, debug or trace.',
    env: ['WSCONTENT_LOG_LEVEL'],
    default: defaultConfig.logLevel,
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace'),
  },
} as const satisfies Flags;

export const controllerCommand = defineCommand(
  {
    name: 'controller',
    summary: 'Run the daemon of one node.',
    description: [
      'Watches the WorkspaceContents of one node, makes their content and writes what became of it into their status. Ends on SIGTERM: attempts that run are stopped, and the next daemon starts them again.',
      "The API server is found as kubectl finds it (KUBECONFIG, ~/.kube/config), or in a pod by the pod's service account. Logs go to standard output, a JSON object a line.",
    ],
    flags,
    examples: [
      'wscontent controller --node-name worker-1',
      'KUBECONFIG=admin.conf wscontent controller --node-name demo --log-level debug',
    ],
  },
  async () => (await import('../controller/run-controller.ts')).runController,
);
