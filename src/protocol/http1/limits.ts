/** The bounds of this module, all in what one connection may cost. Each has a row in docs/LIMITS.md; past it: opaque. */

/** Bytes of a head or of a trailer section. Ours: four times what Node and nginx accept, as much as Envoy can be told to. */
export const headLimitBytes: number = 64 * 1024;

/** Bytes of a line with a chunk size and its extensions. Ours: nobody uses extensions; Node allows 16 KiB for all of them. */
export const chunkLineLimitBytes: number = 4 * 1024;

/** Bytes of a method. Ours: the longest in the IANA registry is UPDATEREDIRECTREF with 17. */
export const methodLimitBytes = 32;

/** Requests that wait for their responses. Ours: pipelining clients are rare, and those that exist send some ten. */
export const outstandingLimit = 256;
