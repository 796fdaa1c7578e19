/**
 * The closed catalogue of what can go wrong. A reason is stable: it is the reason of the resource's
 * conditions and events and the label of metrics.
 */

interface CatalogueEntry {
  /** What it means, as a sentence for docs/errors.md. */
  readonly means: string;
  /** What the user or the cluster's operator can do about it; ends every message. */
  readonly remedy: string;
  /** Whether another attempt may end better without anybody changing anything. */
  readonly retried: boolean;
  /** It is the node's fault alone: it says nothing of the resource, and never uses up its attempts. */
  readonly ofNode?: true;
}

export const errorCatalogue = {
  InvalidSpec: {
    means: 'The resource asks for something that cannot be done as it is written.',
    remedy:
      'Correct the field that the message names; `wscontent validate -f FILE` checks a resource.',
    retried: false,
  },
  NotImplemented: {
    means: 'The resource asks for something that this version does not do yet.',
    remedy: 'Use another initializer or a newer version of workspace-content.',
    retried: false,
  },
  PathNotAllowed: {
    means:
      'The directory lies outside of what the namespace may use, or is reached through a symbolic link.',
    remedy:
      'Use a hostPath under <data-root>/<namespace>/ without symbolic links, or leave hostPath out.',
    retried: false,
  },
  PathInUse: {
    means:
      'The directory belongs to another WorkspaceContent, or another process on the node is at work in it.',
    remedy:
      'Use another hostPath; or delete the other resource, or let the other process end, first.',
    retried: false,
  },
  PathNotEmpty: {
    means: 'The directory holds something that no attempt of this resource wrote.',
    remedy:
      'Use another hostPath, move the content away, or create the resource with existingContent: Replace to give it up.',
    retried: false,
  },
  ContentMissing: {
    means: 'The content was made, and its directory is not there any more.',
    remedy:
      'Bring the directory back, from a backup for instance, and it is Ready again; or delete the resource and create it anew, which makes the content again.',
    retried: false,
  },
  JournalUnreadable: {
    means:
      'What the node remembers of the resource cannot be read or was lost, so that nobody knows whose content the directory holds.',
    remedy:
      'Move what you need out of the directory; once it is empty, the content is made again. Or use another hostPath.',
    retried: false,
  },
  FinalizerRefused: {
    means: 'The API server does not take the finalizer that deletionPolicy Delete needs.',
    remedy:
      "Let the daemon's service account patch workspacecontents (deploy/rbac.yaml), or set deletionPolicy: Retain.",
    retried: true,
  },
  DeletionFailed: {
    means: 'The resource is deleted, and its directory could not be removed.',
    remedy:
      'Correct what the message names; it is tried again by itself. With deletionPolicy: Retain the resource goes and the directory stays.',
    retried: true,
  },
  SecretNotFound: {
    means: 'A Secret that the resource names, or a key in it, is not there.',
    remedy: 'Create the Secret with that key in the namespace of the resource.',
    retried: true,
  },
  GitAuthenticationFailed: {
    means: 'The git server refused the credentials, or asks for some.',
    remedy:
      'Check user and password in config.authSecretRef, and that they may read the repository.',
    retried: false,
  },
  GitRepositoryNotFound: {
    means: 'The git server has no such repository, or hides it from these credentials.',
    remedy: 'Check remoteUri; for a private repository set config.authSecretRef.',
    retried: false,
  },
  GitRefNotFound: {
    means: 'The repository has no such branch or commit.',
    remedy: 'Check cloneTarget and targetMode; git ls-remote lists what the repository has.',
    retried: false,
  },
  GitRemoteUnavailable: {
    means: 'The git server could not be reached or did not answer as a git server does.',
    remedy: 'Check that the node reaches the host in remoteUri; it is tried again by itself.',
    retried: true,
  },
  GitFailed: {
    means: 'A git command failed for a reason of its own.',
    remedy: "Read git's own words in the message.",
    retried: false,
  },
  NetworkRefused: {
    means:
      'The content lies at an address that sandboxes may not reach, or a redirect leads there.',
    remedy:
      "Check the url and where it leads; the cluster's operator can allow the address by --sandbox-allow-cidr (docs/sandbox.md).",
    retried: false,
  },
  DownloadFailed: {
    means: 'A file could not be downloaded.',
    remedy: 'Check the url, and that the node reaches its host.',
    retried: true,
  },
  DownloadNotFound: {
    means: 'The server has no such file, or refuses to hand it out.',
    remedy: 'Check the url; a signed url may have expired.',
    retried: false,
  },
  SnapshotNotFound: {
    means: 'The object store has no snapshot of that name.',
    remedy: 'Check the name, object@bucket, and that spec.storage names the store that holds it.',
    retried: false,
  },
  BackupNotFound: {
    means: 'The object store has no backup of this workspace.',
    remedy:
      'Check owner, workspaceID and storage in the spec, or use an initializer that needs no backup.',
    retried: false,
  },
  StorageUnavailable: {
    means: 'The object store could not be reached, or did not answer as one does.',
    remedy:
      "Check the store's endpoint, proxy and caFile in the daemon's storage configuration; it is tried again by itself.",
    retried: true,
  },
  StorageRefused: {
    means: 'The object store refuses an object, or to say whether it is there.',
    remedy:
      "Check the store's credentials, their rights, and region and endpoint in the daemon's storage configuration; it is tried again by itself.",
    retried: true,
  },
  DigestMismatch: {
    means: 'What was downloaded is not what the digest names. Nothing was kept of it.',
    remedy:
      'Check the digest against the file (sha256sum), and that the url serves the file you mean.',
    retried: false,
  },
  ArchiveCorrupt: {
    means: 'The archive is damaged, cut off, or not a tar archive.',
    remedy: 'Take the snapshot or backup again, or use an older one; list this one with tar -tvf.',
    retried: false,
  },
  ArchiveUnsafe: {
    means:
      'The archive holds what must not reach the node: a device node, or a name or link that leads out of the directory.',
    remedy: 'Make the archive anew without the entry that the message names.',
    retried: false,
  },
  LimitExceeded: {
    means: 'The content is larger, or takes more memory or processes, than the limits allow.',
    remedy: "Make the content smaller, or ask the cluster's operator to raise the daemon's limits.",
    retried: false,
  },
  DestinationFull: {
    means: "The node's disk or its table of inodes is full.",
    remedy: 'Free some space on the node; it is tried again by itself.',
    retried: true,
  },
  DestinationReadOnly: {
    means: 'The file system of the directory is read-only.',
    remedy:
      "Find out from the node's kernel log (dmesg) why, then mount it read-write; it is tried again by itself.",
    retried: true,
    ofNode: true,
  },
  DestinationBroken: {
    means: 'The disk under the directory answers with errors.',
    remedy:
      "Look for the disk in the node's kernel log (dmesg), and check or replace it; it is tried again by itself.",
    retried: true,
    ofNode: true,
  },
  DestinationFailed: {
    means: 'The directory could not be written.',
    remedy: "Check the file system of the daemon's data root on the node.",
    retried: true,
  },
  StateUnwritable: {
    means:
      "The daemon's state directory cannot be written: its disk is full, read-only or broken. Nothing starts without it.",
    remedy:
      "Make room in the file system of the daemon's --state-dir, or mount it read-write; it is tried again by itself.",
    retried: true,
    ofNode: true,
  },
  TooManyOpenFiles: {
    means: 'The daemon, or the whole node, has no file descriptor left.',
    remedy:
      "Raise the daemon's limit of open files (ulimit -n) or the node's (sysctl fs.file-max), or lower --max-concurrent; it is tried again by itself.",
    retried: true,
    ofNode: true,
  },
  RuncUnavailable: {
    means: 'The program that makes the sandboxes, runc, is missing on the node or does not work.',
    remedy:
      "Install runc 1.1 or newer where the daemon's PATH finds it; it is tried again by itself.",
    retried: true,
    ofNode: true,
  },
  DeadlineExceeded: {
    means: 'The attempt took longer than spec.timeout.',
    remedy: 'Raise spec.timeout, or find out from status.progress and the logs what was slow.',
    retried: true,
  },
  Cancelled: {
    means: 'The resource was deleted or suspended while the attempt ran.',
    remedy: 'If it was suspended, set suspend: false to start it again.',
    retried: false,
  },
  Interrupted: {
    means: 'The daemon was stopped while the attempt ran.',
    remedy: 'Nothing to do: it is tried again when the daemon is back.',
    retried: true,
  },
  SandboxFailed: {
    means: 'The sandbox could not be started, or ended without a word.',
    remedy:
      "This is a fault of the node, not of the resource: read runc's words in the message and the daemon's log.",
    retried: true,
  },
  InternalError: {
    means: 'Something that should not happen.',
    remedy: "Report it with the daemon's log.",
    retried: true,
  },
} as const satisfies Record<string, CatalogueEntry>;
