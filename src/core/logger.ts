/**
 * What the project asks of a log. `telemetry/` implements it with pino; tests use {@link nullLogger} or a recorder.
 * Fields are plain data and must not hold secrets: values of environment variables, keys and tokens never go here.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Returns a logger that adds `fields` to each entry. */
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Drops everything. */
export const nullLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: (): Logger => nullLogger,
};

function ignore(): void {
  // nothing is kept
}
