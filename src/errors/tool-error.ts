import { catalogue, exitCodes, type Category, type ErrorCode, type ErrorDetails } from './catalogue.ts';

/**
 * The one error class of the project. Callers match on `code`, never on `instanceof` or on the text: an error that
 * came from another process is rebuilt by {@link fromWire} and behaves the same.
 */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly code: ErrorCode;
  readonly category: Category;
  /** What to do, as a sentence or a command; absent when nothing can be done. */
  readonly remedy: string | undefined;
  /** Plain data, safe to print as JSON. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: WireError, cause?: unknown) {
    super(init.message, cause === undefined ? undefined : { cause });
    this.code = init.code;
    this.category = init.category;
    this.remedy = init.remedy;
    this.details = init.details;
  }

  get exitCode(): number {
    return exitCodes[this.category];
  }
}

interface CatalogueEntry<D> {
  category: Category;
  message: (details: D) => string;
  remedy?: (details: D) => string;
}

/** A ToolError as it crosses a process boundary. */
export interface WireError {
  code: ErrorCode;
  category: Category;
  message: string;
  remedy?: string | undefined;
  details: Readonly<Record<string, unknown>>;
}

/** Makes the error that the catalogue describes under `code`. */
export function createError<C extends ErrorCode>(
  code: C,
  details: ErrorDetails<C>,
  options: { cause?: unknown } = {},
): ToolError {
  // The table's functions take what `details` is typed as; the compiler cannot follow an indexed union here.
  const entry = catalogue[code] as unknown as CatalogueEntry<ErrorDetails<C>>;
  const message = entry.message(details);
  const remedy = entry.remedy?.(details);
  return new ToolError(
    { code, category: entry.category, message, remedy, details: details as Record<string, unknown> },
    options.cause,
  );
}

/** Throws {@link createError}. */
export function raise<C extends ErrorCode>(
  code: C,
  details: ErrorDetails<C>,
  options: { cause?: unknown } = {},
): never {
  throw createError(code, details, options);
}

export function isToolError(error: unknown, code?: ErrorCode): error is ToolError {
  return error instanceof ToolError && (code === undefined || error.code === code);
}

/** Turns anything thrown into a ToolError; what nobody expected becomes `INTERNAL`. */
export function toToolError(error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return createError('INTERNAL', { reason }, { cause: error });
}

export function toWire(error: unknown): WireError {
  const { code, category, message, remedy, details } = toToolError(error);
  return { code, category, message, details, ...(remedy === undefined ? {} : { remedy }) };
}

/** Rebuilds an error that came from another process. A code this version does not know is kept as `INTERNAL`. */
export function fromWire(wire: WireError): ToolError {
  if (Object.hasOwn(catalogue, wire.code)) return new ToolError(wire);
  return createError('INTERNAL', { reason: `${wire.code}: ${wire.message}` });
}
