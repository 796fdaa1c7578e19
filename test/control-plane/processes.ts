import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { KubeClient } from './client.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import type { Pki } from './pki.ts';
import { freePorts } from './ports.ts';

export interface Processes {
  url: string;
  etcdUrl: string;
  client: KubeClient;
  stop(): Promise<void>;
}

export interface StartSettings {
  dir: string;
  pki: Pki;
  binaries: Binaries;
  apiserverFlags: string[];
  readyTimeoutMs: number;
}

const attempts = 5;

/** Starts etcd and kube-apiserver and returns once the server is ready; leaves nothing when that fails. */
export async function startProcesses(settings: StartSettings): Promise<Processes> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(settings);
    } catch (error) {
      // Between the choice of the ports and their use another process may have taken one.
      const portTaken = String(error).includes('address already in use');
      if (!portTaken || attempt === attempts) throw error;
    }
  }
}

async function startOnce(settings: StartSettings): Promise<Processes> {
  const { dir, pki, binaries } = settings;
  const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
  const data = join(dir, 'etcd', randomUUID());
  await mkdir(data, { recursive: true, mode: 0o700 });

  const url = `https://127.0.0.1:${apiPort}`;
  const client = await KubeClient.connect({ url, ca: pki.ca }, pki.admin);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const log = join(dir, 'log');
  const etcd = startDaemon(
    binaries.etcd,
    etcdFlags(data, etcdUrl, `http://127.0.0.1:${peerPort}`),
    'etcd',
    join(log, 'etcd.log'),
  );
  const apiserver = startDaemon(
    binaries.apiserver,
    [...apiserverFlags(dir, pki, etcdUrl, apiPort), ...settings.apiserverFlags],
    'kube-apiserver',
    join(log, 'kube-apiserver.log'),
  );
  const stop = async (): Promise<void> => {
    await client.close();
    // In this order: kube-apiserver without its etcd fills its log. Neither has anything worth saving.
    await apiserver.kill();
    await etcd.kill();
  };
  try {
    await untilReady(client, [etcd, apiserver], settings.readyTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, etcdUrl, client, stop };
}

function etcdFlags(data: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
  ];
}

function apiserverFlags(dir: string, pki: Pki, etcdUrl: string, port: number): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--advertise-address=127.0.0.1',
    // The loopback address is no valid endpoint of the service `kubernetes`, which nothing here needs.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    `--cert-dir=${dir}`,
    `--tls-cert-file=${pki.apiserver.certificate}`,
    `--tls-private-key-file=${pki.apiserver.key}`,
    `--client-ca-file=${pki.ca}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.serviceAccountKey}`,
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
  ];
}

async function untilReady(client: KubeClient, daemons: Daemon[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    for (const daemon of daemons) {
      if (!daemon.running) throw new Error(`${daemon.name} ended. ${await daemon.logTail()}`);
    }
    try {
      await client.text('/readyz');
      return;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  const tails = await Promise.all(daemons.map(async (daemon) => await daemon.logTail()));
  throw new Error([`not ready after ${timeoutMs / 1000} s: ${String(last)}`, ...tails].join('\n'), {
    cause: last,
  });
}
