export { defaultMuxLimits, type MuxLimits } from './limits.ts';
export { createMuxSession, type MuxSession, type MuxSessionOptions } from './mux-session.ts';
