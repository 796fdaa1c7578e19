import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Files of a certificate authority of its own and what it signed; keys are elliptic curve keys, for speed. */
export interface Pki {
  ca: string;
  apiserver: KeyPair;
  /** A client of the group system:masters. */
  admin: KeyPair;
  /** Signs and verifies service account tokens. */
  serviceAccountKey: string;
}

export interface KeyPair {
  certificate: string;
  key: string;
}

/** Fills the existing folder `dir`. Certificates hold for two days. */
export async function createPki(dir: string): Promise<Pki> {
  const serviceAccountKey = join(dir, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  await writeFile(serviceAccountKey, pem, { mode: 0o600 });

  const ca = await certificate(dir, 'ca', '/CN=test-control-plane', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,digitalSignature',
  ]);
  const [apiserver, admin] = await Promise.all([
    certificate(
      dir,
      'apiserver',
      '/CN=kube-apiserver',
      [
        'extendedKeyUsage=serverAuth',
        'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
      ],
      ca,
    ),
    certificate(dir, 'admin', '/O=system:masters/CN=admin', ['extendedKeyUsage=clientAuth'], ca),
  ]);
  return { ca: ca.certificate, apiserver, admin, serviceAccountKey };
}

/** Without an issuer the certificate signs itself. */
export async function certificate(
  dir: string,
  name: string,
  subject: string,
  extensions: string[],
  issuer?: KeyPair,
): Promise<KeyPair> {
  const pair = { certificate: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  const signed = issuer === undefined ? [] : ['-CA', issuer.certificate, '-CAkey', issuer.key];
  const leaf = issuer === undefined ? [] : ['basicConstraints=critical,CA:FALSE'];
  const request = ['req', '-x509', '-days', '2', '-subj', subject];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const files = ['-keyout', pair.key, '-out', pair.certificate];
  // The default configuration would add extensions of a certificate authority to each.
  const config = ['-config', '/dev/null'];
  const added = [...leaf, ...extensions].flatMap((extension) => ['-addext', extension]);
  await execa('openssl', [...request, ...newKey, ...files, ...config, ...signed, ...added]);
  return pair;
}
