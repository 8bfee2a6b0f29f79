export { Http2Connection, type Http2Events } from './connection.ts';
export { connectionPreface, errorCodes } from './frame.ts';
export type { HeaderField } from './header-field.ts';
export { HeldContent } from './held-content.ts';
export { canBePreface, isPreface, isServerPreface } from './preface.ts';
export { toRequestHead } from './request-head.ts';
export { Http2Stream } from './stream.ts';
