/** Kubeconfigs for tests: one cluster, one user, one context, in a folder that goes away with the test. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { nullLogger, systemClock, type Clock } from '../../src/core/index.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/index.ts';
import { fakeServerName, type FakeApiServer } from './fake-api-server.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface FakeKubeconfigOptions {
  /** Host in the server's URL. Default: 127.0.0.1. */
  host?: string;
  /** Path in the server's URL. */
  basePath?: string;
  /** Fields of the cluster and user, as kubectl writes them. */
  cluster?: object;
  user?: object;
  context?: object;
}

/** Writes a kubeconfig for `server` and returns its path. */
export async function writeKubeconfig(
  t: TestContext,
  server: Pick<FakeApiServer, 'port' | 'authority'>,
  { host = '127.0.0.1', basePath = '', cluster = {}, user = {}, context = {} }: FakeKubeconfigOptions = {},
): Promise<string> {
  const { port, authority } = server;
  const tls = authority && {
    'certificate-authority-data': toBase64(authority.certificate),
    'tls-server-name': fakeServerName,
  };
  const scheme = tls === undefined ? 'http' : 'https';
  const config = {
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'ann', ...context } }],
    clusters: [
      { name: 'fake', cluster: { server: `${scheme}://${host}:${port}${basePath}`, ...tls, ...cluster } },
    ],
    users: [{ name: 'ann', user }],
  };
  const path = join(await createTemporaryFolder(t), 'config');
  await writeFile(path, JSON.stringify(config));
  return path;
}

export interface FakeClientOptions extends FakeKubeconfigOptions {
  clock?: Clock;
  environment?: NodeJS.ProcessEnv;
  cwd?: string;
}

/** A real client for `server`, closed with the test. */
export async function createTestClient(
  t: TestContext,
  server: Pick<FakeApiServer, 'port' | 'authority'>,
  { clock = systemClock, environment = {}, ...options }: FakeClientOptions = {},
): Promise<KubeClient> {
  const path = await writeKubeconfig(t, server, options);
  const client = await createKubeClient({
    kubeconfigPaths: [path],
    environment,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    logger: nullLogger,
    clock,
  });
  t.after(() => client.close());
  return client;
}

export function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
