export type { Effect, Transmission } from './effects.ts';
export { initialWindowBytes } from './frame.ts';
export type { YamuxLimits } from './limits.ts';
export { YamuxSession, type YamuxSessionOptions } from './session.ts';
