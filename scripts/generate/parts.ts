import type { Schema } from './schema.ts';

/**
 * Parts of the contract that get a name of their own, by the place of their first occurrence (`*`
 * stands for the items of a list). A part stands after those that hold it.
 */
const parts: [path: string[], name: string][] = [
  [['spec'], 'WorkspaceContentSpec'],
  [['spec', 'idMappings', '*'], 'IdMapping'],
  [['spec', 'initializer'], 'Initializer'],
  [['spec', 'initializer', 'composite'], 'CompositeInitializer'],
  [['spec', 'initializer', 'composite', 'initializer', '*'], 'CompositeStep'],
  [['spec', 'initializer', 'prebuild'], 'PrebuildInitializer'],
  [['spec', 'initializer', 'git'], 'GitInitializer'],
  [['spec', 'initializer', 'git', 'config'], 'GitConfig'],
  [['spec', 'initializer', 'snapshot'], 'SnapshotInitializer'],
  [['spec', 'initializer', 'download'], 'FileDownloadInitializer'],
  [['spec', 'initializer', 'download', 'files', '*'], 'FileInfo'],
  [['spec', 'initializer', 'backup'], 'FromBackupInitializer'],
  [['spec', 'initializer', 'empty'], 'EmptyInitializer'],
  [['status'], 'WorkspaceContentStatus'],
  [['status', 'conditions', '*'], 'Condition'],
  [['status', 'initializerMetrics'], 'InitializerMetrics'],
  [['status', 'initializerMetrics', 'git'], 'InitializerMetric'],
  [['status', 'steps', '*'], 'StepStatus'],
  [['status', 'error'], 'ErrorStatus'],
  [['status', 'progress'], 'ProgressStatus'],
];

/** The schema with each named part, wherever it occurs, as a reference into `definitions`. */
export function shareParts(schema: Schema): Schema {
  const definitions: Record<string, Schema> = {};
  let text = JSON.stringify(schema);
  for (const [path, name] of parts.toReversed()) {
    const part = at(JSON.parse(text) as Schema, path);
    definitions[name] = part;
    // A default is looked for beside a reference, not behind it.
    const beside = part.default === undefined ? {} : { default: part.default };
    const reference = JSON.stringify({ $ref: `#/definitions/${name}`, ...beside });
    text = text.replaceAll(JSON.stringify(part), reference);
  }
  return { ...(JSON.parse(text) as Schema), definitions };
}

function at(schema: Schema, path: string[]): Schema {
  return path.reduce((part, name) => {
    const next = name === '*' ? part.items : part.properties?.[name];
    if (next === undefined) throw new Error(`the CRD has no ${path.join('.')}`);
    return next;
  }, schema);
}
