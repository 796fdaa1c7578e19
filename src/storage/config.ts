/** The storage configuration: which object stores a daemon knows, and how to get at them. */

export interface StorageConfig {
  /** Name of the store for resources that name none. */
  readonly defaultStore: string;
  readonly stores: ReadonlyMap<string, StoreConfig>;
}

export interface StoreConfig {
  readonly name: string;
  /** Origin of the S3 API, such as `https://s3.example.com`. */
  readonly endpoint: string;
  readonly region: string;
  /** `endpoint/bucket/object` instead of `bucket.endpoint/object`. */
  readonly pathStyle: boolean;
  /** Namespaces whose resources may use it; all when absent. */
  readonly namespaces?: readonly string[];
  /** Template, with `{namespace}`, of what the names of a resource's snapshots begin with. */
  readonly snapshotPrefix?: string;
  /** Templates of where a workspace's backup lies, with `{namespace}`, `{owner}` and `{workspaceID}`. */
  readonly backupBucket: string;
  readonly backupObject: string;
  readonly credentials: CredentialSources;
  /** PEM file of the certificates to trust instead of the system's. */
  readonly caFile?: string;
  /** URL of a proxy to use instead of the environment's. May hold a password. */
  readonly proxy?: string;
  /** Milliseconds that a signed URL may be valid at the most. */
  readonly maxPresignExpiryMs: number;
}

export interface CredentialSources {
  readonly accessKey: ValueSource;
  readonly secretKey: ValueSource;
  /** Of temporary credentials. An environment variable that is not set counts as no token. */
  readonly sessionToken?: ValueSource;
}

/** Where a secret value is read from, each time that it is used. */
export type ValueSource = { readonly file: string } | { readonly variable: string };

/** The storage configuration cannot be used. The message has a line for each problem, without secrets. */
export class StorageConfigError extends Error {
  override readonly name = 'StorageConfigError';
  /** Such as `stores.main.endpoint: is required`. */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(problems.map((problem) => `${file}: ${problem}`).join('\n'));
    this.problems = problems;
  }
}
