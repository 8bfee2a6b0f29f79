/**
 * Who the user is towards the API server: header fields and a client certificate, kept fresh. Plain values come from
 * the kubeconfig; files are read again after a minute, as client-go does, because short-lived tokens are rotated in
 * place; plug-ins run when their credential has expired or the server no longer takes it.
 */
import { readFile } from 'node:fs/promises';
import { addAbortListener } from 'node:events';
import { describeError, type Clock } from '../core/index.ts';
import { createError, raise } from '../errors/index.ts';
import { createAuthProvider, type AuthProvider } from './auth-provider.ts';
import { withDeadline } from './deadline.ts';
import { runExecPlugin, type ExecCredential } from './exec-plugin.ts';
import type { ClusterConfig, Impersonation, PemSource, UserConfig } from './kubeconfig.ts';

/** How long the content of a token or certificate file counts as fresh; the value of client-go. */
export const fileFreshMs = 60_000;

/** A plug-in's credential is replaced this long before it expires, so that no request carries one that is about to. */
export const expiryMarginMs = 10_000;

/** A plug-in may open a browser and wait for the user; kubelogin gives them three minutes. */
export const pluginTimeoutMs: number = 5 * 60_000;

/** What a connection and a request present. */
export interface Identity {
  headers: Readonly<Record<string, string | string[]>>;
  /** PEM. */
  certificate: string | undefined;
  key: string | undefined;
}

export interface Credentials {
  /**
   * The identity to use now; the same object until it changes. Requests that come while it is made share the work.
   * @throws KUBECONFIG_CREDENTIALS_FAILED
   */
  identity(options: { signal: AbortSignal }): Promise<Identity>;
  /** The server refused `identity`: drops it. False when a new one could only be the same. */
  refuse(identity: Identity): boolean;
  /** Ends a plug-in that runs. Idempotent. */
  close(): void;
}

export interface CredentialsOptions {
  user: UserConfig;
  cluster: ClusterConfig;
  environment: Readonly<NodeJS.ProcessEnv>;
  cwd: string;
  clock: Clock;
}

interface Fresh {
  identity: Identity;
  /** Epoch milliseconds. */
  untilMs: number;
}

export function createCredentials(options: CredentialsOptions): Credentials {
  const { user, clock } = options;
  const closing = new AbortController();
  const authProvider = user.authProvider === undefined ? undefined : createAuthProvider(user);
  const isFixed = !hasMovingParts(user);
  let fresh: Fresh | undefined;
  let pending: Promise<Fresh> | undefined;

  async function renew(): Promise<Fresh> {
    const limits = { clock, timeoutMs: pluginTimeoutMs, signal: closing.signal, expired };
    try {
      fresh = await withDeadline(limits, (signal) => readIdentity(options, authProvider, signal));
      return fresh;
    } finally {
      pending = undefined;
    }
  }

  return {
    async identity({ signal }): Promise<Identity> {
      signal.throwIfAborted();
      if (fresh !== undefined && clock.epochMs() < fresh.untilMs) return fresh.identity;
      pending ??= renew();
      return (await abortable(pending, signal)).identity;
    },
    refuse(identity): boolean {
      if (!isFixed && fresh?.identity === identity) fresh = undefined;
      return !isFixed;
    },
    close(): void {
      closing.abort();
    },
  };
}

function expired(): Error {
  const reason = `it took longer than ${pluginTimeoutMs / 1000} s`;
  return createError('KUBECONFIG_CREDENTIALS_FAILED', { reason });
}

function hasMovingParts(user: UserConfig): boolean {
  const isFile = (source: PemSource | undefined): boolean => source?.kind === 'file';
  return (
    user.exec !== undefined ||
    user.authProvider !== undefined ||
    user.tokenFile !== undefined ||
    isFile(user.certificate) ||
    isFile(user.key)
  );
}

async function readIdentity(
  { user, cluster, environment, cwd, clock }: CredentialsOptions,
  authProvider: AuthProvider | undefined,
  signal: AbortSignal,
): Promise<Fresh> {
  const authority = await readPem(cluster.authority);
  const { exec } = user;
  const plugin = exec && (await runExecPlugin({ exec, cluster, authority, environment, cwd, signal }));
  const token = plugin?.token ?? (await readToken(user));
  const authorization = (await authProvider?.authorization()) ?? toAuthorization(token, user);
  return {
    identity: {
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...encodeImpersonation(user.impersonate),
      },
      certificate: plugin?.certificate ?? (await readPem(user.certificate)),
      key: plugin?.key ?? (await readPem(user.key)),
    },
    untilMs: freshUntilMs(user, plugin, clock.epochMs()),
  };
}

function freshUntilMs(user: UserConfig, plugin: ExecCredential | undefined, nowMs: number): number {
  if (plugin !== undefined) return (plugin.expiresAtMs ?? Infinity) - expiryMarginMs;
  // A legacy provider keeps its own expiry, so it is asked each time.
  if (user.authProvider !== undefined) return nowMs;
  return hasMovingParts(user) ? nowMs + fileFreshMs : Infinity;
}

/** Waits for `work`, which goes on for others when `signal` aborts. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let listener: Disposable | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    listener = addAbortListener(signal, () => reject(signal.reason as Error));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    listener?.[Symbol.dispose]();
  }
}

/** The token file wins over the token, as in client-go. */
async function readToken({ token, tokenFile }: UserConfig): Promise<string | undefined> {
  return tokenFile === undefined ? token : (await readCredentialFile(tokenFile)).trim();
}

function toAuthorization(token: string | undefined, { basic }: UserConfig): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (basic === undefined) return undefined;
  return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function encodeImpersonation(as: Impersonation | undefined): Record<string, string | string[]> {
  if (as === undefined) return {};
  const headers: Record<string, string | string[]> = { 'Impersonate-User': as.user };
  if (as.uid !== undefined) headers['Impersonate-Uid'] = as.uid;
  if (as.groups.length > 0) headers['Impersonate-Group'] = [...as.groups];
  for (const [key, values] of as.extra) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = [...values];
  }
  return headers;
}

/**
 * Reads PEM text from where the kubeconfig says.
 * @throws KUBECONFIG_CREDENTIALS_FAILED
 */
export async function readPem(source: PemSource | undefined): Promise<string | undefined> {
  if (source === undefined) return undefined;
  return source.kind === 'inline' ? source.pem : readCredentialFile(source.path);
}

async function readCredentialFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    raise('KUBECONFIG_CREDENTIALS_FAILED', { reason: describeError(error) }, { cause: error });
  }
}
