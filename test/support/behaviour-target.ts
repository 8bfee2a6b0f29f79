/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return -- JSON of any shape; the assertions say which */
/**
 * What the behaviour suite runs on: the cluster of `npm run test:cluster`, or else the sandbox's API server in this
 * process. The tests are the same.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { parse } from 'yaml';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { createApiServer } from '../../src/sandbox/api/index.ts';

export interface Answer {
  code: number;
  body: Json;
}

/** Whatever JSON an API server sends; the tests say what they expect of it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface CallOptions {
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Of an administrator's request. */
  as?: string;
}

export interface BehaviourTarget {
  /** An administrator's. */
  kubeconfig: string;
  /** A namespace of this file's own. */
  namespace: string;
  isSandbox: boolean;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Resolves with the events of a watch until `enough` says so. */
  watch(path: string, enough: (events: Json[]) => boolean): Promise<Json[]>;
  close(): Promise<void>;
}

interface Connection {
  server: URL;
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

export async function behaviourTarget(): Promise<BehaviourTarget> {
  const given = process.env['TP_TEST_KUBECONFIG'];
  const started = given === undefined ? await startSandbox() : undefined;
  const kubeconfig = given ?? started?.kubeconfig ?? '';
  const connection = await readConnection(kubeconfig);
  const namespace = `behaviour-${randomBytes(4).toString('hex')}`;
  const call = (method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
    send(connection, method, path, options);
  const owner = process.env['TP_TEST_RUN'];
  const labels = owner === undefined ? {} : { 'tp-test-run': owner };
  await call('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace, labels } } });
  // The controllers make it on a real cluster.
  await call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    body: { metadata: { name: 'default' } },
  });
  return {
    kubeconfig,
    namespace,
    isSandbox: started !== undefined,
    call,
    watch: (path, enough) => watch(connection, path, enough),
    close: async () => {
      await call('DELETE', `/api/v1/namespaces/${namespace}`);
      await started?.close();
    },
  };
}

async function startSandbox(): Promise<{ kubeconfig: string; close: () => Promise<void> }> {
  const server = await createApiServer({ clock: systemClock, logger: nullLogger, names: [] });
  const port = await freePort();
  await server.listen({ host: '127.0.0.1', port });
  const folder = await mkdtemp(join(tmpdir(), 'tp-behaviour-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const { authority, certificate, key } = server.credentials;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'sandbox',
        cluster: {
          server: `https://127.0.0.1:${String(port)}`,
          'certificate-authority-data': base64(authority),
        },
      },
    ],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
      },
    ],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'admin' } }],
    'current-context': 'sandbox',
  };
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

async function readConnection(kubeconfig: string): Promise<Connection> {
  const config: Json = parse(await readFile(kubeconfig, 'utf8'));
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const read = async (owner: Json, field: string): Promise<Buffer> =>
    owner[`${field}-data`] === undefined
      ? await readFile(String(owner[field]))
      : Buffer.from(String(owner[`${field}-data`]), 'base64');
  return {
    server: new URL(String(cluster.server)),
    ca: await read(cluster, 'certificate-authority'),
    cert: await read(user, 'client-certificate'),
    key: await read(user, 'client-key'),
  };
}

function send(connection: Connection, method: string, path: string, options: CallOptions): Promise<Answer> {
  const { body, contentType = 'application/json', accept = 'application/json', as } = options;
  const { server, ...tls } = connection;
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = {
      accept,
      'user-agent': 'behaviour/1',
      ...(body === undefined
        ? {}
        : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
      ...(as === undefined ? {} : { 'impersonate-user': as }),
    };
    const outgoing = request(new URL(path, server), { ...tls, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const answer = Buffer.concat(chunks).toString();
        // What is no resource at all is answered in plain text.
        const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
        resolve({ code: response.statusCode ?? 0, body: isJson ? JSON.parse(answer) : answer });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(text);
  });
}

function watch(connection: Connection, path: string, enough: (events: Json[]) => boolean): Promise<Json[]> {
  const { server, ...tls } = connection;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, server), { ...tls }, (response) => {
      const events: Json[] = [];
      let pending = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (pending + chunk).split('\n');
        pending = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line)));
        if (!enough(events)) return;
        resolve(events);
        outgoing.destroy();
      });
      response.once('end', () => reject(new Error(`the watch ended after ${String(events.length)} events`)));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
