/**
 * The sandbox's process outside: makes the namespaces, listens on the machine's loopback for the API server inside, and
 * cleans up. It dies with the server and the server with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, createConnection, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import {
  sandboxPaths,
  VERSION,
  type SandboxOrder,
  type SandboxReport,
  type SandboxState,
} from '../contract/index.ts';
import { createError, toToolError } from '../errors/index.ts';
import { listen, relay, type Listener } from '../net/index.ts';
import { API_SOCKET, type ServerReport } from './server.ts';

/** Connections of clients at once; each watch is one. */
const maximumConnections = 1024;

export async function runHost(order: SandboxOrder, program: string): Promise<void> {
  const startedMs = performance.timeOrigin;
  process.chdir(order.directory);
  const stop = new AbortController();
  // Each connection listens to it.
  setMaxListeners(0, stop.signal);
  const stopped = once(stop.signal, 'abort');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  let server: ChildProcess | undefined;
  let exitCode = 0;
  try {
    const listener = await listen({
      host: '127.0.0.1',
      port: order.port,
      maximumConnections,
      onConnection: (client) => {
        const inside = createConnection({ path: API_SOCKET, allowHalfOpen: true });
        inside.on('error', () => client.destroy());
        void relay(client, inside, { signal: stop.signal });
      },
    });
    server = startServer(order, program);
    server.once('exit', () => stop.abort());
    const { credentials } = await firstReport(server);
    const state = await publish(order, server, listener, credentials, startedMs);
    report({ ready: state });
    await stopped;
    await listener.close();
  } catch (error) {
    const { code, details } = toToolError(error);
    report({ failed: { code, details } });
    exitCode = 1;
  }
  await end(server);
  await rm(order.directory, { recursive: true, force: true });
  process.exit(exitCode);
}

function startServer(order: SandboxOrder, program: string): ChildProcess {
  const namespaces = order.isRootless ? ['--user', '--map-root-user'] : [];
  const argv = [
    ...namespaces,
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child=SIGKILL',
    '--mount-proc',
    process.execPath,
    program,
    'server',
    JSON.stringify(order),
  ];
  return spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'inherit'], cwd: order.directory });
}

/** @throws {SANDBOX_START_FAILED} when the server ends before it is ready */
async function firstReport(server: ChildProcess): Promise<ServerReport> {
  const { stdout } = server;
  if (stdout === null) throw new Error('the server has no output');
  const lines = createInterface({ input: stdout });
  const ended = new Promise<never>((_, reject) => {
    const fail = (reason: string): void => {
      reject(createError('SANDBOX_START_FAILED', { reason, log: '' }));
    };
    server.once('error', (error) => {
      fail(error.message);
    });
    server.once('close', (code) => {
      fail(`it ended with exit code ${String(code)}`);
    });
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return JSON.parse(line) as ServerReport;
}

async function publish(
  { name, directory, isRootless }: SandboxOrder,
  server: ChildProcess,
  listener: Listener,
  credentials: ServerReport['credentials'],
  startedMs: number,
): Promise<SandboxState> {
  const { kubeconfig, stateSocket } = sandboxPaths(directory.replace(/\/sandboxes\/[^/]+$/, ''), name);
  const address = `https://127.0.0.1:${String(listener.port)}`;
  await writeFile(kubeconfig, stringify(kubeconfigOf(name, address, credentials)), { mode: 0o600 });
  const state: SandboxState = {
    name,
    pid: process.pid,
    serverPid: await childOf(server.pid ?? 0),
    version: VERSION,
    server: address,
    kubeconfig,
    isRootless,
    since: new Date().toISOString(),
    startMs: Math.round(Date.now() - startedMs),
    memoryBytes: 0,
  };
  await answerState(state, stateSocket.slice(directory.length + 1));
  return { ...state, memoryBytes: await memoryOf(state) };
}

/** Tells the state to whoever connects. */
async function answerState(state: SandboxState, path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    memoryOf(state).then(
      (memoryBytes) => socket.end(`${JSON.stringify({ ...state, memoryBytes })}\n`),
      () => socket.destroy(),
    );
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return server;
}

/** Resident memory of both processes; the pods are not counted. */
async function memoryOf({ pid, serverPid }: SandboxState): Promise<number> {
  const sizes = await Promise.all([pid, serverPid].map(residentBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}

/** The server, as this process's own process numbers call it: `unshare` is its parent. */
async function childOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').catch(() => '');
  return Number(text.trim().split(' ')[0] ?? 0);
}

function kubeconfigOf(name: string, server: string, credentials: ServerReport['credentials']): object {
  const context = `tp-sandbox-${name}`;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: context, cluster: { server, 'certificate-authority-data': base64(credentials.authority) } },
    ],
    users: [
      {
        name: context,
        user: {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context, namespace: 'default' } }],
    'current-context': context,
  };
}

/** The namespaces' first process takes everything in them with it. */
async function end(server: ChildProcess | undefined): Promise<void> {
  if (server?.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

function report(line: SandboxReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
