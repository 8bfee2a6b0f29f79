/**
 * The daemon's local API: HTTP + JSON on a unix socket. Each operation is `POST /v1/<operation>` with a JSON body; the
 * answer is a stream of JSON lines ({@link ApiLine}): any number of `progress`, then one `result` or `error`.
 *
 * An intercept asked for with `hold: true` lives as long as its request: after the result line the answer stays open,
 * and closing the connection (also by a crash of the caller) leaves the intercept.
 */
import * as v from 'valibot';
import type { WireError } from '../errors/index.ts';
import { redirects, type Protocol, type Redirect } from './agent-config.ts';
import { ruleSchema, type Rule } from './rules.ts';

/** Raised with each incompatible change of this file. */
export const API_VERSION = 2;

/** Header fields of the local API, in requests and answers. A request may leave them out; then nothing is compared. */
export const apiHeaders = {
  /** {@link API_VERSION} of the sender. */
  apiVersion: 'tp-api-version',
  /** Version of the sender's program. */
  version: 'tp-version',
} as const;

/** Media type of the answers: one JSON text per line. */
export const API_MEDIA_TYPE = 'application/x-ndjson';

/** Which cluster and namespace an operation means, as kubectl's flags say it, and in whose environment. */
export interface ConnectionSelector {
  context?: string | undefined;
  namespace?: string | undefined;
  /** Files of the kubeconfig, in order of precedence; absent: `KUBECONFIG` of `environment`, then `~/.kube/config`. */
  kubeconfig?: string[] | undefined;
  /** Environment of the caller, for credential plug-ins and proxy settings. Never logged. */
  environment: Record<string, string>;
  /** Working directory of the caller, for relative paths in the kubeconfig. */
  workingDirectory: string;
}

/** A listener on the laptop's loopback that leads to one address of the cluster. */
export interface ForwardSpec {
  address: string;
  /** 0 takes any free port. */
  localPort: number;
  host: string;
  port: number;
}

export interface ConnectRequest {
  connection: ConnectionSelector;
  forwards: ForwardSpec[];
  /** Image of gateway and agent; absent: the daemon's default. */
  agentImage?: string | undefined;
  timeoutSeconds: number;
  /** The connection ends with the request (for `tp connect -- CMD`), unless it was there before. */
  hold: boolean;
}

/** Lasts as long as the request is open. */
export interface RunRequest {
  connection: ConnectionSelector;
  agentImage?: string | undefined;
  timeoutSeconds: number;
  /** The machine's own subnets win over addresses of the cluster. */
  local: boolean;
}

export interface RunResult {
  connection: ConnectionStatus;
  /** Unix socket (SOCK_SEQPACKET) on which the daemon waits for the device; see `native/launcher.c`. */
  socket: string;
}

export interface InterceptRequest {
  connection: ConnectionSelector;
  /** `web`, `svc/web`, `deploy/web` … */
  name: string;
  ports: { localPort: number; /** Number or name; absent: the only one. */ remote?: string | undefined }[];
  /** Which requests are taken; absent: all that nobody else takes. */
  rule?: Rule | undefined;
  /** Where the local process listens. */
  localAddress: string;
  /** Whose environment is wanted; absent: the container that owns the first port. */
  container?: string | undefined;
  attach: 'sidecar';
  redirect: 'auto' | Redirect;
  agentImage?: string | undefined;
  forwards: ForwardSpec[];
  timeoutSeconds: number;
  /** The user agreed to what costs availability, such as re-creating a bare Pod. */
  confirmed: boolean;
  hold: boolean;
}

export interface LeaveRequest {
  connection: ConnectionSelector;
  name: string;
}

export interface UninstallRequest {
  connection: ConnectionSelector;
  /** Absent: everything of `tp` in the namespace. */
  name?: string | undefined;
  timeoutSeconds: number;
  confirmed: boolean;
}

export interface CleanRequest {
  connection: ConnectionSelector;
  /** Every namespace of the cluster; otherwise the one of the connection. */
  allNamespaces: boolean;
  /** False: only look. */
  remove: boolean;
  /** Also what other people use at this moment. */
  force: boolean;
  timeoutSeconds: number;
}

export interface QuitRequest {
  /** Absent: all connections, and the daemon ends. */
  connection?: ConnectionSelector | undefined;
}

export interface ListRequest {
  connection: ConnectionSelector;
}

export interface DoctorRequest {
  connection: ConnectionSelector;
  name: string;
}

/** A request that somebody might send. */
export interface SampleRequest {
  method: string;
  /** Path and query, or in absolute form with the host. */
  target: string;
  /** Names in lower case. */
  fields: { name: string; value: string }[];
}

export interface ExplainRequest {
  connection: ConnectionSelector;
  name: string;
  request: SampleRequest;
}

export interface AgentLogsRequest {
  connection: ConnectionSelector;
  name: string;
  /** Of each pod that is there. */
  tailLines: number;
  /** Goes on with what is added, and with new pods, until the caller closes its connection. */
  follow: boolean;
}

export interface AgentLogLine {
  pod: string;
  line: string;
}

export type StatusRequest = Record<string, never>;

export interface Warning {
  /** An error code of the catalogue. */
  code: string;
  message: string;
  remedy?: string | undefined;
}

export interface InterceptedPort {
  protocol: Protocol;
  localAddress: string;
  localPort: number;
  /** Where the application listens in the pod. */
  containerPort: number;
  container: string;
  /** The Services whose traffic arrives, as `web:80`. */
  services: string[];
  redirect: Redirect;
  /** Why this redirect, in half a sentence. */
  reason: string;
}

export interface InterceptStatus {
  name: string;
  /** `deploy/web` */
  workload: string;
  attach: 'sidecar';
  ports: InterceptedPort[];
  /** Which requests are taken; absent: all that nobody else takes. */
  rule?: Rule | undefined;
  pods: {
    name: string;
    state: 'intercepted' | 'reconnecting' | 'connecting' | 'held';
    /** With `held`: by whom. */ holder?: string;
  }[];
  /** ISO 8601. */
  since: string;
  connections: { open: number; total: number; /** Went to the cluster's copy instead. */ fallbacks: number };
}

export interface InterceptResult extends InterceptStatus {
  connection: ConnectionStatus;
  container: string;
  /** Environment of the container, from the pod itself. */
  environment: Record<string, string>;
}

export interface ConnectionStatus {
  context: string;
  namespace: string;
  server: string;
  state: 'connected' | 'reconnecting';
  /** How long the open tunnel has been without the network, in milliseconds; absent when it has it, or there is none. */
  reconnectingMs?: number;
  /** The pod through which cluster addresses are dialled. */
  via: string;
  /** One loopback port that speaks SOCKS5 and HTTP. */
  proxy: { host: string; port: number };
  forwards: (ForwardSpec & { /** Where it listens, with the real port. */ boundPort: number })[];
  intercepts: InterceptStatus[];
  warnings: Warning[];
  since: string;
}

export interface DaemonStatus {
  version: string;
  apiVersion: number;
  pid: number;
  logFile: string;
  connections: ConnectionStatus[];
}

export interface WorkloadSummary {
  /** `deploy/web` */
  workload: string;
  replicas: { ready: number; wanted: number };
  services: { name: string; ports: string[] }[];
  /** `none`: no agent; `ready`: in all pods; `rolling`: not yet in all. */
  agent: 'none' | 'rolling' | 'ready';
  /** In the order in which they are asked: the first whose rule matches gets the request. */
  interceptedBy: { holder: string; ports: string[]; rule?: Rule | undefined }[];
}

export interface UninstallResult {
  /** What was restored or removed, as `deploy/web`, `svc/web`, `secret/tp-ca`. */
  removed: string[];
}

/** Something of `tp` in a cluster. */
export interface Trace {
  /** `deploy/web`, `svc/web`, `pod/tp-gateway`, `secret/tp-ca` … */
  object: string;
  /** Who uses it at this moment; it is not removed without force. */
  usedBy: string[];
}

export interface CleanedNamespace {
  namespace: string;
  removed: string[];
  /** What is still there: in use, or not allowed to be removed; all of it when it was only looked at. */
  left: Trace[];
}

export interface CleanResult {
  /** Those with anything of `tp`, and those that could not be cleaned. */
  namespaces: (CleanedNamespace & { error?: WireError | undefined })[];
}

export interface LeaveResult {
  name: string;
  /** Connections that go on at the local process until they end. */
  openConnections: number;
}

export interface QuitResult {
  ended: string[];
}

/** One pair of attach and redirect, for one workload. */
export interface DoctorChoice {
  attach: string;
  redirect: Redirect;
  possible: boolean;
  /** What `tp intercept` would take. */
  chosen: boolean;
  restart: 'once' | 'none';
  privilege: string;
  /** Whose traffic arrives. */
  covers: string;
  /** Why not, or why chosen; empty when there is nothing to say. */
  reason: string;
}

export interface DoctorReport {
  target: string;
  workload: string;
  serverVersion: string;
  ports: { port: string; choices: DoctorChoice[] }[];
  missingRights: { action: string; verb: string; resource: string; namespace: string }[];
  findings: Warning[];
}

export interface ExplainedPort {
  /** Where the application listens in the pod. */
  port: number;
  /**
   * Who intercepts, in the order in which they are asked. `late`: the rule matches as well, but somebody before gets the
   * request. When nobody gets it, the application does.
   */
  asked: { holder: string; rule?: Rule | undefined; verdict: 'gets-it' | 'late' | 'no-match' }[];
}

export interface ExplainResult {
  workload: string;
  /** The TCP ports that somebody intercepts. */
  ports: ExplainedPort[];
}

export interface AgentLogsResult {
  logs: { pod: string; text: string }[];
}

/** Requests and results of each operation, and what it tells before the result. */
export interface Operations {
  status: { request: StatusRequest; result: DaemonStatus };
  connect: { request: ConnectRequest; result: ConnectionStatus };
  run: { request: RunRequest; result: RunResult };
  quit: { request: QuitRequest; result: QuitResult };
  list: { request: ListRequest; result: WorkloadSummary[] };
  intercept: { request: InterceptRequest; result: InterceptResult };
  leave: { request: LeaveRequest; result: LeaveResult };
  uninstall: { request: UninstallRequest; result: UninstallResult };
  clean: { request: CleanRequest; result: CleanResult };
  doctor: { request: DoctorRequest; result: DoctorReport };
  explain: { request: ExplainRequest; result: ExplainResult };
  'agent-logs': { request: AgentLogsRequest; result: AgentLogsResult; event: AgentLogLine };
}
export type OperationName = keyof Operations;
export type EventOf<N extends OperationName> = Operations[N] extends { event: infer Event } ? Event : never;

export type ApiLine<N extends OperationName = OperationName> =
  { progress: Progress } | { event: EventOf<N> } | { result: Operations[N]['result'] } | { error: WireError };

/** What a long operation is waiting for. A later line with the same `step` replaces the earlier one. */
export interface Progress {
  step: string;
  message: string;
}

const selector = v.object({
  context: v.optional(v.string()),
  namespace: v.optional(v.string()),
  kubeconfig: v.optional(v.array(v.string())),
  environment: v.record(v.string(), v.string()),
  workingDirectory: v.string(),
});
const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const seconds = v.pipe(v.number(), v.minValue(1), v.maxValue(3600));
const forward = v.object({
  address: v.string(),
  localPort: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535)),
  host: v.string(),
  port: portNumber,
});

/** Schema of each operation's request. */
export const requestSchemas: { [N in OperationName]: v.GenericSchema<unknown, Operations[N]['request']> } = {
  status: v.object({}),
  connect: v.object({
    connection: selector,
    forwards: v.array(forward),
    agentImage: v.optional(v.string()),
    timeoutSeconds: seconds,
    hold: v.boolean(),
  }),
  run: v.object({
    connection: selector,
    agentImage: v.optional(v.string()),
    timeoutSeconds: seconds,
    local: v.boolean(),
  }),
  quit: v.object({ connection: v.optional(selector) }),
  list: v.object({ connection: selector }),
  intercept: v.object({
    connection: selector,
    name: v.string(),
    ports: v.array(v.object({ localPort: portNumber, remote: v.optional(v.string()) })),
    rule: v.optional(ruleSchema),
    localAddress: v.string(),
    container: v.optional(v.string()),
    attach: v.literal('sidecar'),
    redirect: v.picklist(['auto', ...redirects]),
    agentImage: v.optional(v.string()),
    forwards: v.array(forward),
    timeoutSeconds: seconds,
    confirmed: v.boolean(),
    hold: v.boolean(),
  }),
  leave: v.object({ connection: selector, name: v.string() }),
  uninstall: v.object({
    connection: selector,
    name: v.optional(v.string()),
    timeoutSeconds: seconds,
    confirmed: v.boolean(),
  }),
  clean: v.object({
    connection: selector,
    allNamespaces: v.boolean(),
    remove: v.boolean(),
    force: v.boolean(),
    timeoutSeconds: seconds,
  }),
  doctor: v.object({ connection: selector, name: v.string() }),
  explain: v.object({
    connection: selector,
    name: v.string(),
    request: v.object({
      method: v.string(),
      target: v.string(),
      fields: v.array(v.object({ name: v.string(), value: v.string() })),
    }),
  }),
  'agent-logs': v.object({
    connection: selector,
    name: v.string(),
    tailLines: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)),
    follow: v.optional(v.boolean(), false),
  }),
};
