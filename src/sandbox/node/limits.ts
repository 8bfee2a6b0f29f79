/** Limits and times of the node; docs/LIMITS.md explains them to users. Times that kubelets have are the kubelet's. */

/** Pods at once, as a kubelet's default. */
export const MAX_PODS = 110;
/** Output kept of one run of a container, in bytes and in lines; the oldest goes first. */
export const MAX_LOG_BYTES: number = 1024 * 1024;
export const MAX_LOG_LINES = 20_000;
/** A longer line is cut into pieces, in bytes; containerd does the same. */
export const MAX_LOG_LINE_BYTES: number = 16 * 1024;
/** Read of a container's termination message, in bytes. */
export const MAX_TERMINATION_MESSAGE_BYTES = 4096;
/** Of a termination message that is made of the log, in bytes and lines. */
export const MAX_LOG_MESSAGE_BYTES = 2048;
export const MAX_LOG_MESSAGE_LINES = 80;
/** Wait before a crashed container's second restart; doubled each time. */
export const CRASH_BACKOFF_INITIAL_MS = 10_000;
export const CRASH_BACKOFF_MAXIMUM_MS = 300_000;
/** A container that ran for so long starts with no back-off again. */
export const CRASH_BACKOFF_RESET_MS = 600_000;
/** Wait before a missing image is looked for again; doubled each time. It costs nothing here, so it is shorter. */
export const IMAGE_BACKOFF_INITIAL_MS = 1_000;
export const IMAGE_BACKOFF_MAXIMUM_MS = 10_000;
/** Wait before a pod that lacks a ConfigMap, Secret or the like is tried again. */
export const RETRY_MS = 1_000;
/** A change of a status is written at most so often; several changes are one write. */
export const STATUS_COALESCE_MS = 5;
/** Part of a process's or probe's output that is kept for a message, in bytes. */
export const MAX_OUTPUT_BYTES: number = 10 * 1024;
/** A UDP flow through a Service ends after this silence. */
export const UDP_FLOW_IDLE_MS = 60_000;
/** UDP flows of one Service port; more are dropped. */
export const MAX_UDP_FLOWS = 1024;
/** The Lease of the node is renewed so often. */
export const LEASE_RENEW_MS = 10_000;
/** Connections to the DNS server over TCP end after this silence. */
export const DNS_TCP_IDLE_MS = 10_000;
/** Largest DNS answer over UDP without EDNS(0), in bytes; RFC 1035. */
export const DNS_UDP_BYTES = 512;
/** Seconds a resolver may keep an answer, as CoreDNS's default for the cluster's zone. */
export const DNS_TTL_SECONDS = 5;
/** Tokens in volumes are looked at so often, and made anew when 80 % of their time is over. */
export const TOKEN_CHECK_MS = 60_000;
