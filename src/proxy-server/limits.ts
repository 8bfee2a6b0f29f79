/** The bounds of this module. Each has a row in docs/LIMITS.md. */

/** Connections at once, each of which takes two descriptors, or one and a stream of the tunnel. Ours. */
export const maximumConnections = 1024;

/**
 * How long a client may take to say what it wants, and after a failure to close its side, in milliseconds. RFC 1928 §6
 * allows no more for the second; the first is ours.
 */
export const handshakeTimeoutMs = 10_000;

/** How long an HTTP client may take from a response to its next request, in milliseconds. Ours. */
export const idleTimeoutMs = 60_000;

/** Size of the head of an HTTP request or response, in bytes. Node's own default, which most servers share. */
export const maximumHeadBytes: number = 16 * 1024;

/** Requests of one HTTP connection that wait for the one before. Ours; apt, which pipelines most, sends 10. */
export const maximumPipelinedRequests = 100;

/** How long a UDP target may be silent in both directions, in milliseconds. Ours: DNS answers in seconds or never. */
export const udpIdleTimeoutMs = 60_000;

/** Targets of one UDP association at once; the one that was silent longest makes room for another. Ours. */
export const maximumUdpTargets = 64;

/** Datagrams that wait while their target is dialled; later ones are dropped. Ours: resolvers send two at once. */
export const maximumWaitingDatagrams = 16;
