/** Flags that more than one command has. */
import { defaultConfig } from '../../controller/config.ts';
import { directory, oneOf, text } from '../values.ts';

export const fileFlag = {
  name: 'file',
  short: 'f',
  value: 'FILE',
  description:
    'YAML or JSON of the resource, and of the Secrets that it names; - for standard input.',
  required: true,
  parse: text,
} as const;

export const outputFlag = {
  name: 'output',
  short: 'o',
  value: 'json',
  description: 'Write JSON for programs instead of text for people.',
  parse: oneOf('json'),
} as const;

export const dataRootFlag = {
  name: 'data-root',
  value: 'DIR',
  description: 'The directory that holds all content, as DIR/<namespace>/<name>.',
  env: ['WSCONTENT_DATA_ROOT'],
  default: defaultConfig.dataRoot,
  parse: directory,
} as const;

export const storageConfigFlag = {
  name: 'storage-config',
  value: 'FILE',
  description:
    'The object stores of snapshots, prebuilds and backups (docs/storage.md); without it there are none.',
  env: ['WSCONTENT_STORAGE_CONFIG'],
  parse: directory,
} as const;

export const stateDirFlag = {
  name: 'state-dir',
  value: 'DIR',
  description: 'The directory of the journal and of running sandboxes; outside of the data root.',
  env: ['WSCONTENT_STATE_DIR'],
  default: defaultConfig.stateDir,
  parse: directory,
} as const;
