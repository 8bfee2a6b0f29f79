/** The names under which `tp` is found in a cluster. Everything it creates or adds carries one of them. */

/** Field manager of every patch. */
export const FIELD_MANAGER = 'tp';
/** The agent's container in a workload's pods. */
export const AGENT_CONTAINER = 'tp-agent';
/** The init container that sets the redirect of `--redirect nftables`. */
export const REDIRECT_CONTAINER = 'tp-redirect';
/** The volume with the agent's certificate. */
export const AGENT_VOLUME = 'tp-agent-tls';
/** Where the agent finds it: `tls.crt`, `tls.key`, `ca.crt`. */
export const AGENT_TLS_DIRECTORY = '/var/run/tp/tls';
/** Secret with the namespace's certificate authority: `ca.crt`, `ca.key`. */
export const AUTHORITY_SECRET = 'tp-ca';
/** Secret with the agents' certificate: `tls.crt`, `tls.key`, `ca.crt`. */
export const AGENT_SECRET = 'tp-agent-tls';
/** Pod, ServiceAccount, Role and RoleBinding of the gateway. */
export const GATEWAY = 'tp-gateway';
/** Label of everything that `tp` creates. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'tp' } as const;
/** Annotation of a pod template that carries an agent: what was added, as an `InjectionRecord`. */
export const INJECTION_ANNOTATION = 'tp.dev/injection';
/** Annotation of a Service whose `targetPort` was moved: what was there before, as a `SwitchRecord`. */
export const SERVICE_ANNOTATION = 'tp.dev/original-ports';
/** Annotation of a re-created bare Pod: the manifest it had before. */
export const POD_ANNOTATION = 'tp.dev/original-pod';

/** Port of the tunnel, on the pod's loopback only. */
export const TUNNEL_PORT = 19801;
/** Port of the agent's readiness endpoint; the only one besides the taken ports that the pod network reaches. */
export const HEALTH_PORT = 19802;
/** The first listening port of a taken port; the next free ones follow. */
export const FIRST_LISTEN_PORT = 19810;
