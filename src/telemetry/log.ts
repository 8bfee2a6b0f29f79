/** The project's log: JSON lines by pino, behind the project's own `Logger`. */
import { pino, type Logger as PinoLogger } from 'pino';
import type { LogFields, Logger } from '../core/index.ts';

export interface LoggerOptions {
  /** Name of the program, in each line. */
  name: string;
  level?: 'debug' | 'info' | 'warn' | 'error';
}

/** Writes to standard output, synchronously: a crash loses no line, and none of this is on a data path. */
export function createLogger({ name, level = 'info' }: LoggerOptions): Logger {
  return wrap(
    pino({ name, level, base: { name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }),
  );
}

function wrap(log: PinoLogger): Logger {
  return {
    debug: (message: string, fields?: LogFields): void => log.debug(fields ?? {}, message),
    info: (message: string, fields?: LogFields): void => log.info(fields ?? {}, message),
    warn: (message: string, fields?: LogFields): void => log.warn(fields ?? {}, message),
    error: (message: string, fields?: LogFields): void => log.error(fields ?? {}, message),
    child: (fields: LogFields): Logger => wrap(log.child(fields)),
  };
}
