export { ExchangeFramer } from './exchange-framer.ts';
export { headLimitBytes } from './limits.ts';
export { opaqueReasons, type OpaqueReason } from './opaque.ts';
export { decodeRequestHead, type Field, type RequestHead } from './request-head.ts';
