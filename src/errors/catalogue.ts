/**
 * Every error a user can meet: one table, from which come the text, the remedy, the exit code and `docs/ERRORS.md`.
 *
 * A code is `<AREA>_<CONDITION>` and is never used again for something else. Messages say what failed, then the state,
 * then what was expected; sentence case, no full stop. A remedy is one sentence or command. A test compares this table
 * with the documentation, and another demands that each code is raised somewhere.
 */

/** Exit code of the process for each category. */
export const exitCodes = {
  /** The command line is wrong. */
  usage: 2,
  /** A file or setting is wrong. */
  config: 3,
  /** This machine: permission, port in use, missing program. */
  environment: 4,
  /** The cluster: API, rights, workload, pod. */
  cluster: 5,
  /** The other end of a connection: protocol violation, version, refused connection. */
  peer: 6,
  /** A defect of this program. */
  internal: 70,
} as const;

export type Category = keyof typeof exitCodes;

interface Missing {
  verb: string;
  resource: string;
  namespace: string;
}

/** Names each namespace once: a list of rights is mostly of one. */
function describeMissing(missing: readonly Missing[]): string {
  const namespaces = [...new Set(missing.map(({ namespace }) => namespace))];
  const groups = namespaces.map((namespace) => {
    const rights = missing.filter((right) => right.namespace === namespace);
    const names = rights.map(({ verb, resource }) => `"${verb} ${resource}"`).join(', ');
    return `${names} ${namespace === '' ? 'at cluster scope' : `in namespace "${namespace}"`}`;
  });
  return groups.join(', ');
}

export const catalogue = {
  // --- command line -------------------------------------------------------------------------------------------------
  USAGE_INVALID: {
    category: 'usage',
    message: (d: { reason: string }): string => d.reason,
    remedy: (): string => 'Run the command with --help to see its options',
  },
  USAGE_INVALID_OPTION: {
    category: 'usage',
    message: (d: { option: string; value: string; expected: string }): string =>
      `Cannot read ${d.option}: "${d.value}" is not ${d.expected}`,
    remedy: (): string => 'Run the command with --help to see examples',
  },
  ADDRESS_INVALID: {
    category: 'usage',
    message: (d: { text: string; expected: string }): string =>
      `Cannot read the address "${d.text}": expected ${d.expected}`,
  },
  USAGE_CONFIRMATION_NEEDED: {
    category: 'usage',
    message: (d: { action: string }): string => `Not done without confirmation: ${d.action}`,
    remedy: (): string => 'Add --yes to go on',
  },
  USAGE_CONNECTION_AMBIGUOUS: {
    category: 'usage',
    message: (d: { choices: string[] }): string =>
      `Cannot tell which connection is meant: connected to ${d.choices.join(', ')}`,
    remedy: (): string => 'Name one with --context and --namespace',
  },
  COMMAND_NOT_FOUND: {
    category: 'environment',
    message: (d: { command: string; reason: string }): string => `Cannot start "${d.command}": ${d.reason}`,
    remedy: (): string => 'Check the command after -- and your PATH',
  },
  // --- configuration ------------------------------------------------------------------------------------------------
  KUBECONFIG_INVALID: {
    category: 'config',
    message: (d: { path: string; reason: string }): string =>
      `Cannot read kubeconfig "${d.path}": ${d.reason}`,
    remedy: (): string => 'Name a valid file with --kubeconfig or the KUBECONFIG variable',
  },
  KUBECONFIG_CONTEXT_UNKNOWN: {
    category: 'config',
    message: (d: { context: string; known: string[] }): string =>
      `Unknown context "${d.context}": the kubeconfig has ${d.known.length === 0 ? 'none' : d.known.join(', ')}`,
    remedy: (): string => 'Name one of them with --context',
  },
  KUBECONFIG_NO_CONTEXT: {
    category: 'config',
    message: (): string => 'Cannot tell which cluster is meant: the kubeconfig has no current context',
    remedy: (): string => 'Name one with --context, or run: kubectl config use-context NAME',
  },
  KUBECONFIG_CREDENTIALS_FAILED: {
    category: 'config',
    message: (d: { reason: string }): string => `Cannot get credentials for the cluster: ${d.reason}`,
    remedy: (): string => 'Log in to the cluster again, and check with: kubectl get pods',
  },
  // --- this machine -------------------------------------------------------------------------------------------------
  FILE_NOT_WRITABLE: {
    category: 'environment',
    message: (d: { path: string; reason: string }): string => `Cannot write "${d.path}": ${d.reason}`,
    remedy: (): string => 'Choose a path that you may write',
  },
  LOCAL_PORT_IN_USE: {
    category: 'environment',
    message: (d: { address: string; port: number }): string =>
      `Cannot listen on ${d.address}:${d.port}: another program uses this port`,
    remedy: (): string => 'Choose another local port',
  },
  LOCAL_LISTEN_FAILED: {
    category: 'environment',
    message: (d: { address: string; port: number; reason: string }): string =>
      `Cannot listen on ${d.address}:${d.port}: ${d.reason}`,
    remedy: (): string => 'Choose another local address or port',
  },
  TUN_UNAVAILABLE: {
    category: 'environment',
    message: (d: { reason: string }): string => `Cannot make a network for the command: ${d.reason}`,
    remedy: (): string => 'Use the proxy instead: tp connect -- COMMAND',
  },
  LOCAL_PROCESS_UNREACHABLE: {
    category: 'environment',
    message: (d: { address: string; port: number; reason: string }): string =>
      `Nothing answers on ${d.address}:${d.port} (${d.reason}): the cluster's own copy answers instead`,
    remedy: (): string => 'Start your process on that port; nothing else has to be done',
  },
  DAEMON_START_FAILED: {
    category: 'environment',
    message: (d: { reason: string; log: string }): string => `Cannot start the daemon: ${d.reason}`,
    remedy: (d: { reason: string; log: string }): string => `Read its log: ${d.log}`,
  },
  DAEMON_UNREACHABLE: {
    category: 'environment',
    message: (d: { reason: string }): string => `Lost the daemon during the request: ${d.reason}`,
    remedy: (): string => 'Run the command again; it starts a new daemon, which finds what was left behind',
  },
  DAEMON_VERSION_MISMATCH: {
    category: 'environment',
    message: (d: { daemon: string; cli: string }): string =>
      `The running daemon has version ${d.daemon}, this command ${d.cli}`,
    remedy: (): string => 'Run: tp quit, then the command again',
  },
  DAEMON_ALREADY_RUNNING: {
    category: 'environment',
    message: (d: { socket: string }): string => `Another daemon answers on "${d.socket}" already`,
    remedy: (): string => 'Use it, or end it with: tp quit',
  },
  DAEMON_STOPPING: {
    category: 'environment',
    message: (): string => 'The daemon is stopping',
    remedy: (): string => 'Run the command again; it starts a new daemon',
  },
  DAEMON_FOLDER_UNSAFE: {
    category: 'environment',
    message: (d: { path: string; reason: string }): string =>
      `Cannot keep the daemon's files in "${d.path}": ${d.reason}`,
    remedy: (): string => 'Set TP_HOME to a folder that only you may write',
  },
  NODE_TOO_OLD: {
    category: 'environment',
    message: (d: { version: string; needed: string }): string =>
      `Cannot run on Node ${d.version}: version ${d.needed} or later is needed`,
    remedy: (): string => 'Install a newer Node, from your distribution or from nodejs.org',
  },
  SANDBOX_UNSUPPORTED: {
    category: 'environment',
    message: (d: { reason: string; remedy: string }): string =>
      `Cannot run a sandbox on this machine: ${d.reason}`,
    remedy: (d: { reason: string; remedy: string }): string => d.remedy,
  },
  SANDBOX_START_FAILED: {
    category: 'environment',
    message: (d: { reason: string; log: string }): string => `Cannot start the sandbox: ${d.reason}`,
    remedy: (d: { reason: string; log: string }): string =>
      d.log === '' ? 'Run the command again with TP_LOG_LEVEL=debug' : `Its last words: ${d.log}`,
  },
  SANDBOX_RUNNING: {
    category: 'usage',
    message: (d: { name: string }): string => `A sandbox of the name "${d.name}" runs already`,
    remedy: (d: { name: string }): string =>
      `Use it: tp sandbox kubeconfig ${d.name}; or end it: tp sandbox down ${d.name}; or choose another name`,
  },
  SANDBOX_NOT_RUNNING: {
    category: 'usage',
    message: (d: { name: string; known: string[] }): string =>
      `No sandbox of the name "${d.name}" runs: ${d.known.length === 0 ? 'there is none' : `there is ${d.known.join(', ')}`}`,
    remedy: (d: { name: string; known: string[] }): string => `Run: tp sandbox up ${d.name}`,
  },
  SOCKET_PATH_TOO_LONG: {
    category: 'config',
    message: (d: { path: string; limit: number }): string =>
      `The path of the daemon's socket is longer than ${String(d.limit)} bytes: "${d.path}"`,
    remedy: (): string => 'Set TP_HOME to a shorter folder',
  },
  API_REQUEST_INVALID: {
    category: 'usage',
    message: (d: { reason: string }): string => `The daemon cannot read the request: ${d.reason}`,
    remedy: (): string => 'See docs/API.md',
  },
  NOT_CONNECTED: {
    category: 'usage',
    message: (): string => 'Not connected to a cluster',
    remedy: (): string => 'Run: tp connect',
  },
  // --- Kubernetes API -----------------------------------------------------------------------------------------------
  KUBE_UNREACHABLE: {
    category: 'cluster',
    message: (d: { server: string; reason: string }): string =>
      `Cannot reach the Kubernetes API server ${d.server}: ${d.reason}`,
    remedy: (): string => 'Check your network or VPN, and try: kubectl version',
  },
  KUBE_UNAUTHORIZED: {
    category: 'cluster',
    message: (d: { server: string }): string =>
      `The Kubernetes API server ${d.server} does not accept your credentials`,
    remedy: (): string => 'Log in to the cluster again, and check with: kubectl get pods',
  },
  KUBE_FORBIDDEN: {
    category: 'cluster',
    message: (d: { action: string; missing: Missing[] }): string =>
      `Not allowed to ${d.action}: you lack ${describeMissing(d.missing)}`,
    remedy: (): string => 'Ask for a Role with these rights; docs/RBAC.md has one to copy',
  },
  KUBE_REQUEST_FAILED: {
    category: 'cluster',
    message: (d: { action: string; status: number; reason: string }): string =>
      `Kubernetes refused to ${d.action} (${String(d.status)}): ${d.reason}`,
  },
  KUBE_CONFLICT: {
    category: 'cluster',
    message: (d: { action: string; reason: string }): string =>
      `Cannot ${d.action}: somebody else keeps changing it at the same time (${d.reason})`,
    remedy: (): string => 'Try again, and see who changes it with: kubectl get -o yaml --show-managed-fields',
  },
  NAMESPACE_NOT_FOUND: {
    category: 'cluster',
    message: (d: { namespace: string }): string => `Namespace "${d.namespace}" does not exist`,
    remedy: (): string => 'Name an existing one with --namespace',
  },
  SECRET_FOREIGN: {
    category: 'cluster',
    message: (d: { name: string; namespace: string }): string =>
      `Cannot keep certificates in Secret "${d.name}" of namespace "${d.namespace}": something else made it`,
    remedy: (): string => 'Rename or delete that Secret',
  },
  // --- workloads and intercepts -------------------------------------------------------------------------------------
  TARGET_NOT_FOUND: {
    category: 'cluster',
    message: (d: { name: string; namespace: string; similar: string[]; hidden: string[] }): string =>
      `No service or workload "${d.name}" in namespace "${d.namespace}"${
        d.similar.length === 0 ? '' : `; there is ${d.similar.join(', ')}`
      }${d.hidden.length === 0 ? '' : `; not looked at are ${d.hidden.join(', ')}, which you may not list`}`,
    remedy: (): string => 'Run: tp list',
  },
  TARGET_AMBIGUOUS: {
    category: 'usage',
    message: (d: { name: string; choices: string[] }): string =>
      `"${d.name}" can mean ${d.choices.join(', ')}`,
    remedy: (d: { name: string; choices: string[] }): string =>
      `Name one, for example: ${d.choices[0] ?? d.name}`,
  },
  TARGET_WITHOUT_WORKLOAD: {
    category: 'cluster',
    message: (d: { service: string; reason: string }): string =>
      `Service "${d.service}" has no workload to intercept: ${d.reason}`,
    remedy: (): string => 'Name the workload instead, for example: tp intercept deploy/NAME --port 8080',
  },
  TARGET_UNSUPPORTED: {
    category: 'cluster',
    message: (d: { target: string; reason: string }): string => `Cannot intercept ${d.target}: ${d.reason}`,
  },
  PORT_NOT_FOUND: {
    category: 'usage',
    message: (d: { port: string; target: string; known: string[] }): string =>
      d.known.length === 0
        ? `${d.target} has no port that is declared or called by a Service`
        : `${d.target} has no port "${d.port}": it has ${d.known.join(', ')}`,
    remedy: (): string => 'Name a port of it by number: --port LOCAL:REMOTE',
  },
  PORT_AMBIGUOUS: {
    category: 'usage',
    message: (d: { target: string; known: string[] }): string =>
      `${d.target} has several ports: ${d.known.join(', ')}`,
    remedy: (d: { target: string; known: string[] }): string =>
      `Say which: --port LOCAL:REMOTE, for example --port 8080:${(d.known[0] ?? 'http').split(' ')[0] ?? 'http'}`,
  },
  CONTAINER_NOT_FOUND: {
    category: 'usage',
    message: (d: { container: string; target: string; known: string[] }): string =>
      `${d.target} has no container "${d.container}": it has ${d.known.join(', ')}`,
  },
  REDIRECT_IMPOSSIBLE: {
    category: 'cluster',
    message: (d: { redirect: string; target: string; reason: string }): string =>
      `Cannot redirect ${d.target} by ${d.redirect}: ${d.reason}`,
    remedy: (): string =>
      'Leave out --redirect to let tp choose, or see what is possible with: tp doctor NAME',
  },
  FIELD_MANAGED_ELSEWHERE: {
    category: 'cluster',
    message: (d: { object: string; field: string; manager: string }): string =>
      `Not changing ${d.field} of ${d.object}: it is managed by "${d.manager}", which would change it back`,
    remedy: (): string =>
      'Use --redirect nftables, which leaves the Service alone, or pause that manager for this object',
  },
  INTERCEPT_HELD: {
    category: 'cluster',
    message: (d: { target: string; port: string; holder: string; rule?: string }): string =>
      `Port ${d.port} of ${d.target} is intercepted already by ${d.holder}${
        d.rule === undefined ? '' : ` (${d.rule})`
      }: one of the two would never get a request`,
    remedy: (d: { target: string; port: string; holder: string; rule?: string }): string =>
      `Ask ${d.holder} to run: tp leave ${d.target}; or take only your own requests with --personal or --header`,
  },
  RULE_INVALID: {
    category: 'usage',
    message: (d: { part: string; reason: string }): string => `Cannot use the rule "${d.part}": ${d.reason}`,
    remedy: (): string => 'Expressions have the syntax of RE2, without lookaround and back-references',
  },
  RULE_NOT_HTTP: {
    category: 'usage',
    message: (d: { port: string }): string => `Requests cannot be told apart on port ${d.port}, which is UDP`,
    remedy: (): string => 'Leave out the conditions, or this port',
  },
  AGENT_OUTDATED: {
    category: 'peer',
    message: (d: { pod: string; feature: string }): string =>
      `The agent in pod ${d.pod} is of an older version, which has no ${d.feature}`,
    remedy: (): string => 'Run: tp uninstall NAME, then intercept again',
  },
  INTERCEPT_EXISTS: {
    category: 'usage',
    message: (d: { name: string }): string => `You intercept ${d.name} already`,
    remedy: (d: { name: string }): string => `Run first: tp leave ${d.name}`,
  },
  INTERCEPT_NOT_FOUND: {
    category: 'usage',
    message: (d: { name: string; known: string[] }): string =>
      `No intercept of "${d.name}": ${d.known.length === 0 ? 'there is none' : `there is ${d.known.join(', ')}`}`,
    remedy: (): string => 'Run: tp status',
  },
  ROLLOUT_FAILED: {
    category: 'cluster',
    message: (d: { workload: string; reason: string; undone: boolean }): string =>
      `Cannot roll out the agent to ${d.workload}: ${d.reason}; ${
        d.undone ? 'the change was undone' : 'the change could NOT be undone'
      }`,
    remedy: (d: { workload: string; reason: string; undone: boolean }): string =>
      d.undone ? 'Mend the cause and try again' : `Run: tp uninstall ${d.workload}`,
  },
  ROLLOUT_TIMEOUT: {
    category: 'cluster',
    message: (d: { workload: string; seconds: number; state: string; undone: boolean }): string =>
      `Rolling out ${d.workload} took longer than ${String(d.seconds)} s: ${d.state}${
        d.undone ? '; the change was undone' : ''
      }`,
    remedy: (): string => 'Look at its pods with: kubectl get pods, or allow more with --timeout',
  },
  UNINSTALL_INCOMPLETE: {
    category: 'cluster',
    message: (d: { workload: string; reason: string }): string =>
      `The agent is removed from the template of ${d.workload}, but not yet from all its pods: ${d.reason}`,
    remedy: (): string => 'Look at its pods with: kubectl get pods, then run the command again',
  },
  IMAGE_NOT_PULLABLE: {
    category: 'cluster',
    message: (d: { image: string; workload: string; reason: string; undone: boolean }): string =>
      `The cluster cannot pull the agent image "${d.image}" for ${d.workload}: ${d.reason}${
        d.undone ? '; the change was undone' : ''
      }`,
    remedy: (): string =>
      'Name an image that the cluster reaches with --agent-image or the TP_AGENT_IMAGE variable',
  },
  POD_REFUSED: {
    category: 'cluster',
    message: (d: { workload: string; reason: string }): string =>
      `The cluster refuses pods of ${d.workload} with an agent: ${d.reason}`,
    remedy: (): string => 'See which kinds of intercept this namespace allows with: tp doctor NAME',
  },
  // --- findings of tp doctor ----------------------------------------------------------------------------------------
  FINDING_PODS_UNREADY: {
    category: 'cluster',
    message: (d: { workload: string; ready: number; wanted: number }): string =>
      `Only ${String(d.ready)} of ${String(d.wanted)} pods of ${d.workload} are ready`,
    remedy: (): string => 'Look at them with: kubectl get pods',
  },
  FINDING_WORKLOAD_MANAGED: {
    category: 'cluster',
    message: (d: { workload: string; manager: string }): string =>
      `Workload ${d.workload} is managed by ${d.manager}, which may remove the agent again`,
    remedy: (): string => 'Pause that manager for this workload while you intercept it',
  },
  FINDING_SERVICE_SHARED: {
    category: 'cluster',
    message: (d: { service: string; others: string[] }): string =>
      `Service "${d.service}" also sends to ${d.others.join(', ')}, so that not all of its requests arrive`,
  },
  FINDING_PROBE_REDIRECTED: {
    category: 'cluster',
    message: (d: { container: string; probe: string; port: number }): string =>
      `The ${d.probe} of container "${d.container}" on port ${String(d.port)} reaches the agent with nftables, and says nothing about the application`,
    remedy: (): string => 'Use an HTTP probe, which the agent sends on to the application',
  },
  AGENT_REMOVED: {
    category: 'cluster',
    message: (d: { workload: string }): string =>
      `Somebody took the agent out of ${d.workload}: its own pods answer, and switched Services were restored`,
    remedy: (): string =>
      'Pause the tool that manages this workload (Argo CD, Flux), then run: tp leave NAME, and intercept again',
  },
  SERVICE_REVERTED: {
    category: 'cluster',
    message: (d: { service: string; ports: number[] }): string =>
      `Somebody changed port ${d.ports.join(', ')} of ${d.service} back: its traffic no longer reaches the agent`,
    remedy: (): string =>
      'Pause the tool that manages this Service, or intercept with --redirect nftables, which leaves it alone',
  },
  // --- agent, gateway, tunnel ---------------------------------------------------------------------------------------
  AGENT_UNREACHABLE: {
    category: 'cluster',
    message: (d: { pod: string; reason: string }): string =>
      `Cannot reach the agent in pod "${d.pod}": ${d.reason}`,
    remedy: (): string =>
      'Look at the pod with: kubectl describe pod, and at its log with: kubectl logs -c tp-agent',
  },
  GATEWAY_FAILED: {
    category: 'cluster',
    message: (d: { reason: string }): string => `Cannot start the gateway pod: ${d.reason}`,
    remedy: (): string => 'Look at it with: kubectl describe pod tp-gateway',
  },
  TUNNEL_LOST: {
    category: 'peer',
    message: (d: { reason: string }): string => `The tunnel to the cluster was lost: ${d.reason}`,
    remedy: (): string => 'It is made again by itself; see: tp status',
  },
  TUNNEL_UNAVAILABLE: {
    category: 'peer',
    message: (): string => 'No tunnel to the cluster is open at the moment',
    remedy: (): string => 'It is made again by itself; see: tp status',
  },
  TUNNEL_PROTOCOL: {
    category: 'peer',
    message: (d: { reason: string }): string => `The other end of the tunnel broke the protocol: ${d.reason}`,
  },
  TUNNEL_VERSION_MISMATCH: {
    category: 'peer',
    message: (d: { ours: string; theirs: string }): string =>
      `The agent speaks tunnel protocol ${d.theirs}, this program ${d.ours}`,
    remedy: (): string =>
      'Run: tp uninstall --all with the version that injected the agent, then intercept again',
  },
  CHANNEL_PROTOCOL: {
    category: 'peer',
    message: (d: { reason: string }): string => `The API server broke the port-forward protocol: ${d.reason}`,
  },
  CHANNEL_REFUSED: {
    category: 'cluster',
    message: (d: { pod: string; port: number; reason: string }): string =>
      `Port-forward to port ${String(d.port)} of pod "${d.pod}" failed: ${d.reason}`,
  },
  HTTP_PROTOCOL: {
    category: 'peer',
    /** `name` is the error code of RFC 9113 §7 that the other end is told. */
    message: (d: { name: string; reason: string }): string =>
      `The other end broke the HTTP/2 protocol: ${d.reason} (${d.name})`,
  },
  MUX_PROTOCOL: {
    category: 'peer',
    message: (d: { reason: string }): string => `The other end broke the yamux protocol: ${d.reason}`,
  },
  MUX_CLOSED: {
    category: 'peer',
    message: (d: { reason: string }): string => `The multiplexed connection is closed: ${d.reason}`,
  },
  MUX_STREAM_LIMIT: {
    category: 'peer',
    message: (d: { limit: number }): string =>
      `Too many connections at once through one tunnel: the limit is ${String(d.limit)}`,
    remedy: (): string => 'See docs/LIMITS.md',
  },
  // --- connections --------------------------------------------------------------------------------------------------
  NET_REFUSED: {
    category: 'peer',
    message: (d: { target: string }): string => `Connection to ${d.target} refused`,
  },
  NET_RESET: {
    category: 'peer',
    message: (d: { target: string }): string => `Connection to ${d.target} reset`,
  },
  NET_UNREACHABLE: {
    category: 'peer',
    message: (d: { target: string; reason: string }): string => `Cannot reach ${d.target}: ${d.reason}`,
  },
  NET_TIMEOUT: {
    category: 'peer',
    message: (d: { target: string; seconds: number }): string =>
      `No answer from ${d.target} within ${String(d.seconds)} s`,
  },
  NET_NAME_NOT_FOUND: {
    category: 'peer',
    message: (d: { name: string }): string => `The name "${d.name}" does not exist`,
  },
  NET_DENIED: {
    category: 'peer',
    message: (d: { target: string; reason: string }): string =>
      `Connection to ${d.target} denied: ${d.reason}`,
  },
  NET_FAILED: {
    category: 'peer',
    message: (d: { target: string; reason: string }): string =>
      `Connection to ${d.target} failed: ${d.reason}`,
  },
  SOCKS_PROTOCOL: {
    category: 'peer',
    message: (d: { reason: string }): string => `The client broke the SOCKS5 protocol: ${d.reason}`,
  },
  SOCKS_UNSUPPORTED: {
    category: 'peer',
    message: (d: { what: string }): string => `The client asked by SOCKS5 for what is not offered: ${d.what}`,
  },
  PROXY_AUTHENTICATION_FAILED: {
    category: 'peer',
    message: (): string => 'The client gave the proxy a wrong user name or password',
  },
  PROXY_REQUEST_INVALID: {
    category: 'peer',
    message: (d: { reason: string }): string => `The proxy cannot serve this request: ${d.reason}`,
  },
  // --- defects ------------------------------------------------------------------------------------------------------
  INTERNAL: {
    category: 'internal',
    message: (d: { reason: string }): string => `Unexpected error, this is a bug: ${d.reason}`,
    remedy: (): string => 'Report it with the output of: tp logs',
  },
} as const;

export type ErrorCode = keyof typeof catalogue;

/** The details that `code` takes; an empty object where its message needs none. */
export type ErrorDetails<C extends ErrorCode> =
  Parameters<(typeof catalogue)[C]['message']> extends [infer D] ? D : Record<string, never>;
