export { FrameDecoder } from './decoder.ts';
export { TICKET_BYTES, encodeFrame, encodeWelcome, readWelcome, refusals, type Frame } from './frame.ts';
export { defaultResumeLimits, type ResumeLimits } from './limits.ts';
export { Liveness } from './liveness.ts';
export { ResumeSession } from './session.ts';
