/** JSON lines on standard error, which the host leads to the sandbox's log file. */
import type { LogFields, Logger } from '../core/index.ts';

export function createJsonLogger(fields: LogFields, isDebug: boolean): Logger {
  const write =
    (level: string) =>
    (message: string, more: LogFields = {}): void => {
      const entry = { level, time: new Date().toISOString(), ...fields, ...more, msg: message };
      process.stderr.write(`${JSON.stringify(entry)}\n`);
    };
  return {
    debug: isDebug ? write('debug') : (): void => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => createJsonLogger({ ...fields, ...more }, isDebug),
  };
}
