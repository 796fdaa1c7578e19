/** What object storage hands to the child: the names of its downloads, and what they need. */

/** Under this name the remote content holds the owner's backup. No snapshot has a name without an @. */
export const defaultBackup = 'full.tar';

/** A download that the host signed for the child. URL and proxy are secrets. */
export interface StoredDownload {
  readonly url: string;
  /** Bytes; absent when the store did not say. */
  readonly size?: number;
  /** The object's entity tag as the store wrote it, quotes included, to notice a change under way. */
  readonly etag?: string;
  /** PEM certificates to trust for this download instead of the system's. */
  readonly ca?: string;
  /** URL of the proxy to use for this download instead of the environment's. May hold a password. */
  readonly proxy?: string;
}

/** By name: the snapshots' own, and `defaultBackup`. */
export type RemoteContent = Readonly<Record<string, StoredDownload>>;
