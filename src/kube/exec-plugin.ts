/**
 * Runs an exec credential plug-in (`aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin` …) and reads what it
 * prints. Caching is `credentials.ts`. client-node 1.4.0 has one too, but it gives the plug-in neither
 * KUBERNETES_EXEC_INFO nor the caller's environment, and runs it for every request when no expiry is printed.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { spawn } from 'node:child_process';
import { createError, type ToolError } from '../errors/index.ts';
import type { ClusterConfig, ExecConfig } from './kubeconfig.ts';
import { entryOf, isEntry, textOf } from './kubeconfig-file.ts';

/** Bytes of output that are kept: an ExecCredential with certificates takes a few KiB. */
const maximumOutputBytes = 1024 * 1024;

/** Bytes of a plug-in's complaint that are shown. */
const maximumComplaintBytes = 500;

export interface ExecCredential {
  token: string | undefined;
  /** PEM. */
  certificate: string | undefined;
  key: string | undefined;
  /** Milliseconds since the epoch; undefined when the plug-in gives none. */
  expiresAtMs: number | undefined;
}

export interface ExecPluginOptions {
  exec: ExecConfig;
  cluster: ClusterConfig;
  /** PEM of the cluster's authority, for plug-ins that ask for cluster information. */
  authority: string | undefined;
  environment: Readonly<NodeJS.ProcessEnv>;
  cwd: string;
  /** Ends the plug-in. */
  signal: AbortSignal;
}

/**
 * Runs the plug-in without a terminal.
 * @throws KUBECONFIG_CREDENTIALS_FAILED when it cannot start, fails, or prints something else than a credential
 */
export async function runExecPlugin(options: ExecPluginOptions): Promise<ExecCredential> {
  const { exec } = options;
  if (exec.interactiveMode === 'Always') {
    throw failure(
      `"${exec.command}" needs a terminal (interactiveMode: Always), which a background process has not`,
    );
  }
  return parseExecCredential(await run(options), exec);
}

function run({ exec, cluster, authority, environment, cwd, signal }: ExecPluginOptions): Promise<string> {
  const info = encodeExecInfo(exec, cluster, authority);
  return new Promise((resolve, reject) => {
    const child = spawn(exec.command, exec.args, {
      cwd,
      env: { ...environment, ...exec.environment, KUBERNETES_EXEC_INFO: info },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > maximumOutputBytes) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-maximumComplaintBytes);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(failure(describeStartFailure(exec, error), error));
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) {
        resolve(output);
        return;
      }
      const outcome = code === null ? `was ended by ${String(killedBy)}` : `failed with exit code ${code}`;
      reject(failure(`"${exec.command}" ${outcome}: ${complaint.trim().replaceAll(/\s*\n\s*/g, ' ')}`));
    });
  });
}

function describeStartFailure(
  { command, installHint }: ExecConfig,
  { code, message }: NodeJS.ErrnoException,
): string {
  if (code !== 'ENOENT') return `cannot run "${command}": ${message}`;
  const [hint] = installHint?.trim().split('\n') ?? [];
  return `"${command}" is not installed${hint === undefined ? '' : `; ${hint}`}`;
}

/** What the plug-in may know about the call, as JSON for KUBERNETES_EXEC_INFO. */
export function encodeExecInfo(
  exec: ExecConfig,
  cluster: ClusterConfig,
  authority: string | undefined,
): string {
  const clusterInfo = {
    server: cluster.server.href.replace(/\/$/, ''),
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTlsVerify || undefined,
    'certificate-authority-data':
      authority === undefined ? undefined : Buffer.from(authority).toString('base64'),
    'proxy-url': cluster.proxyUrl,
    config: cluster.execExtension,
  };
  return JSON.stringify({
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: exec.provideClusterInfo ? clusterInfo : undefined },
  });
}

/**
 * Reads the ExecCredential that a plug-in printed.
 * @throws KUBECONFIG_CREDENTIALS_FAILED
 */
export function parseExecCredential(
  output: string,
  exec: Pick<ExecConfig, 'apiVersion' | 'command'>,
): ExecCredential {
  let printed: unknown;
  try {
    printed = JSON.parse(output);
  } catch (error) {
    throw failure(`"${exec.command}" did not print JSON`, error);
  }
  if (!isEntry(printed) || printed['kind'] !== 'ExecCredential') {
    throw failure(`"${exec.command}" did not print an ExecCredential`);
  }
  if (printed['apiVersion'] !== exec.apiVersion) {
    const printedVersion = String(printed['apiVersion']);
    throw failure(`"${exec.command}" speaks ${printedVersion}, the kubeconfig asks for ${exec.apiVersion}`);
  }
  const status = entryOf(printed, 'status') ?? {};
  const credential = {
    token: textOf(status, 'token'),
    certificate: textOf(status, 'clientCertificateData'),
    key: textOf(status, 'clientKeyData'),
    expiresAtMs: parseExpiry(textOf(status, 'expirationTimestamp')),
  };
  if (
    credential.token === undefined &&
    (credential.certificate === undefined || credential.key === undefined)
  ) {
    throw failure(`"${exec.command}" printed neither a token nor a client certificate with its key`);
  }
  return credential;
}

function parseExpiry(text: string | undefined): number | undefined {
  const expiresAtMs = Date.parse(text ?? '');
  return Number.isNaN(expiresAtMs) ? undefined : expiresAtMs;
}

function failure(reason: string, cause?: unknown): ToolError {
  return createError('KUBECONFIG_CREDENTIALS_FAILED', { reason }, { cause });
}
