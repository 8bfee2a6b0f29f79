/** The bounds of this module. Each has a row in docs/LIMITS.md. */

/** How long a dial may take, in milliseconds. Ours: longer than two SYN retransmissions, shorter than clients wait. */
export const dialTimeoutMs = 10_000;

/** How long a connection is idle before the kernel asks the other end whether it is alive, in milliseconds. Ours. */
export const keepAliveDelayMs = 30_000;

/** Bytes that a socket may buffer in each direction before its source is paused. Two of libuv's 64 KiB reads. */
export const streamBufferBytes: number = 128 * 1024;

/** Bytes of datagrams that may wait to be sent in one association; later ones are dropped. Ours. */
export const datagramQueueBytes: number = 1024 * 1024;
