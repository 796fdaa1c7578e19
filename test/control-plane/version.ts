/** The Kubernetes version that the tests run against; `KUBERNETES_VERSION` chooses another. */
const defaultVersion = '1.36.3';

/** Selectable fields of custom resources, which the watch of a node needs, are stable from here on. */
const floor = { major: 1, minor: 32 };

export function wantedVersion(env: NodeJS.ProcessEnv = process.env): string {
  return parseVersion(env['KUBERNETES_VERSION'] || defaultVersion);
}

/** Strips a leading `v`; throws when the text is no release version or is older than the floor. */
export function parseVersion(text: string): string {
  const match = /^v?((\d+)\.(\d+)\.\d+)$/.exec(text.trim());
  if (match === null) {
    throw new Error(`Kubernetes version "${text}" is not of the form 1.36.3`);
  }
  const [, version, major, minor] = match;
  if (Number(major) !== floor.major || Number(minor) < floor.minor) {
    throw new Error(
      `Kubernetes ${version} is too old: ${floor.major}.${floor.minor} is the oldest that serves ` +
        'selectableFields of custom resources',
    );
  }
  return String(version);
}
