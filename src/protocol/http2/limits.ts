/** The bounds of this module, all in what one connection may cost. Each has a row in docs/LIMITS.md. */

/** Streams that a client may have open at once. Ours: Go allows 250, Envoy 1024, RFC 9113 §6.5.2 asks for at least 100. */
export const streamLimit = 256;

/** Bytes of one stream that may be on the way to us, or wait here for the other end. Ours: twice the RFC's default. */
export const streamWindowBytes: number = 128 * 1024;

/** The same for the connection, as long as the process has memory to spare (held-content.ts). */
export const connectionWindowBytes: number = 1024 * 1024;

/** Content that waits in all connections of the process, past which a connection gets no more credit. */
export const heldContentLimitBytes: number = 64 * 1024 * 1024;

/** Bytes of a header block as it is sent, and as RFC 9113 §6.5.2 counts its fields. Ours: as for a head of HTTP/1.x. */
export const headerListLimitBytes: number = 64 * 1024;

/** Frames of one header block: CONTINUATION may be empty, and so needs a bound of its own (CVE-2024-27983). */
export const headerFramesLimit = 64;

/** Payload of a frame that we accept, and send: RFC 9113 §4.2, the least and the default. */
export const frameLimitBytes = 16_384;

/** Streams that a client may reset in a burst, and how many more each second (CVE-2023-44487). As nghttp2 does by default. */
export const resetBurst = 1000;
export const resetsPerSecond = 33;

/** Bytes of HPACK's dynamic table at our decoder: the default, RFC 9113 §6.5.2. */
export const headerTableBytes = 4096;
