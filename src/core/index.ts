export { describeError, isAbortError, runInBackground } from './background.ts';
export { createBackoff, type Backoff } from './backoff.ts';
export { ByteQueue } from './byte-queue.ts';
export { systemClock, type Clock, type Timer } from './clock.ts';
export { createDeferred, type Deferred } from './deferred.ts';
export { createDisposalStack, type DisposalStack } from './disposal.ts';
export { nullLogger, type LogFields, type Logger } from './logger.ts';
