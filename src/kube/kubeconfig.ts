/** From kubeconfig files to one context: which server, how to reach it, who the user is. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, resolve } from 'node:path';
import { describeError } from '../core/index.ts';
import { raise } from '../errors/index.ts';
import {
  defaultPaths,
  entryOf,
  isEntry,
  mergeKubeconfigs,
  parseKubeconfig,
  textOf,
  type Entry,
  type Kubeconfig,
} from './kubeconfig-file.ts';

/** PEM text from the kubeconfig itself, or a file to read it from. */
export type PemSource = { kind: 'inline'; pem: string } | { kind: 'file'; path: string };

export interface ClusterConfig {
  /** May have a path, which comes before every API path. */
  server: URL;
  authority: PemSource | undefined;
  /** Name in the server's certificate when it is not the host of `server`. */
  tlsServerName: string | undefined;
  skipTlsVerify: boolean;
  /** Overrides the proxy variables of the environment. */
  proxyUrl: string | undefined;
  /** What the kubeconfig holds for credential plug-ins about this cluster; handed to them as it is. */
  execExtension: unknown;
}

export interface UserConfig {
  name: string;
  certificate: PemSource | undefined;
  key: PemSource | undefined;
  token: string | undefined;
  tokenFile: string | undefined;
  basic: { username: string; password: string } | undefined;
  impersonate: Impersonation | undefined;
  exec: ExecConfig | undefined;
  /** A legacy provider that client-node implements (oidc, gcp, azure). */
  authProvider: Entry | undefined;
}

export interface Impersonation {
  user: string;
  uid: string | undefined;
  groups: readonly string[];
  extra: ReadonlyMap<string, readonly string[]>;
}

/** @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecConfig */
export interface ExecConfig {
  apiVersion: string;
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  installHint: string | undefined;
  provideClusterInfo: boolean;
  interactiveMode: string | undefined;
}

export interface ContextConfig {
  context: string;
  namespace: string | undefined;
  cluster: ClusterConfig;
  user: UserConfig;
}

export interface LoadOptions {
  /** Files to read, all of which must exist; else KUBECONFIG, else `~/.kube/config`. */
  paths?: readonly string[] | undefined;
  environment: Readonly<NodeJS.ProcessEnv>;
  cwd: string;
}

/**
 * Reads and merges the kubeconfig files.
 * @throws KUBECONFIG_INVALID
 */
export async function loadKubeconfig({ paths, environment, cwd }: LoadOptions): Promise<Kubeconfig> {
  const isExplicit = paths !== undefined && paths.length > 0;
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? homedir();
  const files = isExplicit
    ? paths.map((path) => resolve(cwd, path))
    : defaultPaths(environment, { cwd, home });
  const configs: Kubeconfig[] = [];
  for (const path of files) {
    const text = await readKubeconfigFile(path, isExplicit);
    if (text !== undefined) configs.push(parseKubeconfig(text, path));
  }
  if (configs.length === 0) {
    raise('KUBECONFIG_INVALID', { path: files.join(delimiter), reason: 'the file does not exist' });
  }
  return mergeKubeconfigs(configs);
}

/** Undefined when the file does not exist and need not. */
async function readKubeconfigFile(path: string, mustExist: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && !mustExist) return undefined;
    const reason = isMissing ? 'the file does not exist' : describeError(error);
    raise('KUBECONFIG_INVALID', { path, reason }, { cause: error });
  }
}

/**
 * Looks up `context`, or the current one.
 * @throws KUBECONFIG_NO_CONTEXT, KUBECONFIG_CONTEXT_UNKNOWN, KUBECONFIG_INVALID
 */
export function selectContext(
  config: Kubeconfig,
  context: string | undefined = config.currentContext,
): ContextConfig {
  if (context === undefined) raise('KUBECONFIG_NO_CONTEXT', {});
  const entry = config.contexts.get(context);
  if (entry === undefined) {
    raise('KUBECONFIG_CONTEXT_UNKNOWN', { context, known: [...config.contexts.keys()] });
  }
  const invalid: Invalid = (reason) =>
    raise('KUBECONFIG_INVALID', { path: config.source, reason: `context "${context}": ${reason}` });
  const clusterName = textOf(entry, 'cluster') ?? invalid('it names no cluster');
  const cluster = config.clusters.get(clusterName) ?? invalid(`there is no cluster "${clusterName}"`);
  const userName = textOf(entry, 'user');
  const user = userName === undefined ? {} : config.users.get(userName);
  return {
    context,
    namespace: textOf(entry, 'namespace'),
    cluster: readCluster(cluster, invalid),
    user: readUser(userName ?? '', user ?? invalid(`there is no user "${userName ?? ''}"`), invalid),
  };
}

type Invalid = (reason: string) => never;

function readCluster(entry: Entry, invalid: Invalid): ClusterConfig {
  const text = textOf(entry, 'server') ?? invalid('the cluster has no server');
  const server = URL.canParse(text) ? new URL(text) : invalid(`"${text}" is not the URL of a server`);
  if (server.protocol !== 'https:' && server.protocol !== 'http:') {
    invalid(`the server's URL "${text}" is neither https nor http`);
  }
  const extensions = Array.isArray(entry['extensions']) ? (entry['extensions'] as unknown[]) : [];
  const exec = extensions.filter(isEntry).find((item) => item['name'] === execExtensionName);
  return {
    server,
    authority: readPem(entry, 'certificate-authority'),
    tlsServerName: textOf(entry, 'tls-server-name'),
    skipTlsVerify: entry['insecure-skip-tls-verify'] === true,
    proxyUrl: textOf(entry, 'proxy-url'),
    execExtension: exec?.['extension'],
  };
}

const execExtensionName = 'client.authentication.k8s.io/exec';

function readUser(name: string, entry: Entry, invalid: Invalid): UserConfig {
  const username = textOf(entry, 'username');
  const exec = entryOf(entry, 'exec');
  return {
    name,
    certificate: readPem(entry, 'client-certificate'),
    key: readPem(entry, 'client-key'),
    token: textOf(entry, 'token'),
    tokenFile: textOf(entry, 'tokenFile'),
    basic: username === undefined ? undefined : { username, password: textOf(entry, 'password') ?? '' },
    impersonate: readImpersonation(entry),
    exec: exec === undefined ? undefined : readExec(exec, invalid),
    authProvider: entryOf(entry, 'auth-provider'),
  };
}

function readPem(entry: Entry, field: string): PemSource | undefined {
  const data = textOf(entry, `${field}-data`);
  if (data !== undefined) return { kind: 'inline', pem: Buffer.from(data, 'base64').toString('utf8') };
  const path = textOf(entry, field);
  return path === undefined ? undefined : { kind: 'file', path };
}

function readImpersonation(entry: Entry): Impersonation | undefined {
  const user = textOf(entry, 'as');
  if (user === undefined) return undefined;
  const extra = Object.entries(entryOf(entry, 'as-user-extra') ?? {});
  return {
    user,
    uid: textOf(entry, 'as-uid'),
    groups: toTexts(entry['as-groups']),
    extra: new Map(extra.map(([key, values]) => [key, toTexts(values)])),
  };
}

function readExec(entry: Entry, invalid: Invalid): ExecConfig {
  const variables = Array.isArray(entry['env']) ? (entry['env'] as unknown[]).filter(isEntry) : [];
  return {
    apiVersion: textOf(entry, 'apiVersion') ?? invalid('the credential plug-in has no apiVersion'),
    command: textOf(entry, 'command') ?? invalid('the credential plug-in has no command'),
    args: toTexts(entry['args']),
    environment: Object.fromEntries(
      variables.map((variable) => [textOf(variable, 'name') ?? '', textOf(variable, 'value') ?? '']),
    ),
    installHint: textOf(entry, 'installHint'),
    provideClusterInfo: entry['provideClusterInfo'] === true,
    interactiveMode: textOf(entry, 'interactiveMode'),
  };
}

function toTexts(value: unknown): string[] {
  return Array.isArray(value) ? (value as unknown[]).map(String) : [];
}
