/** Specs that the contract takes and refuses, for every test that checks one or the other. */

const digest = `sha256:${'0'.repeat(64)}`;
const url = 'https://example.com/repo.git';

function spec(fields: object): object {
  return { nodeName: 'node-a', ...fields };
}

function git(fields: object): object {
  return spec({ initializer: { git: { remoteUri: url, ...fields } } });
}

function file(fields: object): object {
  const complete = { url: 'https://example.com/file', filePath: 'file', digest, ...fields };
  return spec({ initializer: { download: { files: [complete] } } });
}

export const goodSpecs: readonly object[] = [
  spec({ initializer: { empty: {} } }),
  spec({ initializerProto: 'CgA=' }),
  // Both characters that the URL-safe alphabet writes otherwise.
  spec({ initializerProto: 'EgcKBT8/Pz4+' }),
  git({}),
  git({ remoteUri: 'http://127.0.0.1:8080/a%20b/@scope/repo.git?x=1@2' }),
  git({ targetMode: 'REMOTE_BRANCH', cloneTarget: 'feature/täst-1' }),
  git({ checkoutLocation: 'src/..repo', config: { customConfig: { ' core.autocrlf ': 'true' } } }),
  git({ config: { authSecretRef: { name: 'login' } } }),
  git({
    config: { authentication: 'BASIC_AUTH', authUser: 'jo', authPassword: 'extracted-secret/k' },
  }),
  file({ filePath: 'a/b..c/.d', digest: `sha512:${'a'.repeat(128)}` }),
  file({ digest: `sha384:${'a'.repeat(96)}` }),
  spec({ initializer: { snapshot: { snapshot: 'object@bucket' } } }),
  spec({ initializer: { prebuild: { prebuild: { snapshot: 'o@b' }, git: [{ remoteUri: url }] } } }),
  spec({ initializer: { backup: {} } }),
  spec({
    initializer: { composite: { initializer: [{ empty: {} }, { git: { remoteUri: url } }] } },
  }),
  spec({
    initializer: { empty: {} },
    hostPath: '/srv/content/default/a.b/..c',
    timeout: '1h30m',
    idMappings: [{ containerID: 0, hostID: 33333, size: 1 }],
  }),
];

/** Each with the field that the refusal names. */
export const badSpecs: readonly { spec: object; field: string }[] = [
  { spec: { initializer: { empty: {} } }, field: 'spec.nodeName' },
  { spec: spec({}), field: 'spec' },
  { spec: spec({ initializer: {} }), field: 'spec.initializer' },
  { spec: spec({ initializer: { empty: {}, backup: {} } }), field: 'spec.initializer' },
  { spec: spec({ initializer: { empty: {} }, initializerProto: 'CgA=' }), field: 'spec' },
  { spec: spec({ initializerProto: 'not base64!' }), field: 'spec.initializerProto' },
  { spec: spec({ initializer: { empty: {} }, hostpath: '/a' }), field: 'spec.hostpath' },
  { spec: git({ branch: 'main' }), field: 'spec.initializer.git.branch' },
  { spec: spec({ initializer: { empty: {} }, hostPath: 'relative' }), field: 'spec.hostPath' },
  { spec: spec({ initializer: { empty: {} }, hostPath: '/a/../b' }), field: 'spec.hostPath' },
  { spec: spec({ initializer: { empty: {} }, hostPath: '/a/./b' }), field: 'spec.hostPath' },
  { spec: spec({ initializer: { empty: {} }, hostPath: '/a//b' }), field: 'spec.hostPath' },
  { spec: spec({ initializer: { empty: {} }, hostPath: '/a/' }), field: 'spec.hostPath' },
  { spec: spec({ initializer: { empty: {} }, runAsUser: 0 }), field: 'spec.runAsUser' },
  { spec: spec({ initializer: { empty: {} }, timeout: 'soon' }), field: 'spec.timeout' },
  { spec: spec({ initializer: { empty: {} }, timeout: '25h' }), field: 'spec.timeout' },
  { spec: spec({ initializer: { empty: {} }, owner: '../x' }), field: 'spec.owner' },
  { spec: git({ remoteUri: 'ssh://example.com/repo' }), field: 'spec.initializer.git.remoteUri' },
  { spec: git({ remoteUri: '--upload-pack=x' }), field: 'spec.initializer.git.remoteUri' },
  { spec: git({ remoteUri: 'file:///etc' }), field: 'spec.initializer.git.remoteUri' },
  {
    spec: git({ remoteUri: 'https://jo:pw@example.com/a' }),
    field: 'spec.initializer.git.remoteUri',
  },
  { spec: git({ upstreamRemoteUri: 'ext::sh' }), field: 'spec.initializer.git.upstreamRemoteUri' },
  { spec: git({ targetMode: 'BRANCH' }), field: 'spec.initializer.git.targetMode' },
  { spec: git({ targetMode: 'REMOTE_BRANCH' }), field: 'spec.initializer.git.cloneTarget' },
  {
    spec: git({ targetMode: 'REMOTE_COMMIT', cloneTarget: '--output=x' }),
    field: 'spec.initializer.git.cloneTarget',
  },
  {
    spec: git({ targetMode: 'REMOTE_BRANCH', cloneTarget: 'a..b' }),
    field: 'spec.initializer.git.cloneTarget',
  },
  { spec: git({ checkoutLocation: '../x' }), field: 'spec.initializer.git.checkoutLocation' },
  { spec: git({ checkoutLocation: 'a/..' }), field: 'spec.initializer.git.checkoutLocation' },
  { spec: git({ checkoutLocation: '/abs' }), field: 'spec.initializer.git.checkoutLocation' },
  {
    spec: git({ config: { customConfig: { 'a b': '1' } } }),
    field: 'spec.initializer.git.config.customConfig',
  },
  {
    spec: git({ config: { authSecretRef: { name: '../kube-system/secrets/x' } } }),
    field: 'spec.initializer.git.config.authSecretRef.name',
  },
  {
    spec: spec({ initializer: { empty: {} }, secretRef: { name: 'Upper' } }),
    field: 'spec.secretRef.name',
  },
  {
    spec: git({ config: { authPassword: 'x', authSecretRef: { name: 'y' } } }),
    field: 'spec.initializer.git.config',
  },
  {
    spec: git({ config: { authentication: 'BASIC_AUTH_OTS' } }),
    field: 'spec.initializer.git.config.authOts',
  },
  { spec: file({ digest: undefined }), field: 'spec.initializer.download.files[0].digest' },
  { spec: file({ digest: 'sha256:abc' }), field: 'spec.initializer.download.files[0].digest' },
  {
    spec: file({ digest: `md5:${'0'.repeat(32)}` }),
    field: 'spec.initializer.download.files[0].digest',
  },
  { spec: file({ filePath: '../x' }), field: 'spec.initializer.download.files[0].filePath' },
  { spec: file({ filePath: 'a/' }), field: 'spec.initializer.download.files[0].filePath' },
  { spec: file({ url: 'ftp://example.com/a' }), field: 'spec.initializer.download.files[0].url' },
  {
    spec: spec({ initializer: { download: { files: [] } } }),
    field: 'spec.initializer.download.files',
  },
  {
    spec: spec({
      initializer: { composite: { initializer: [{ composite: { initializer: [] } }] } },
    }),
    field: 'spec.initializer.composite.initializer[0].composite',
  },
];
