import { toWire, type ToolError } from '../../src/errors/index.ts';
import { serialize, type OutputFormat } from './result.ts';
import type { Colours } from './terminal.ts';
import { oneLine } from './text.ts';

export interface ErrorFormat {
  output: OutputFormat;
  colours: Colours;
  /** Adds the stack trace, of the cause too. */
  debug: boolean;
}

/**
 * Formats an error for stderr. As text it is the message with its code, and the remedy on a line of its own:
 *
 *     tp: Namespace "shop" does not exist [NAMESPACE_NOT_FOUND]
 *         Name an existing one with --namespace
 *
 * As JSON or YAML it is `{ error: { code, category, message, remedy, details } }`.
 */
export async function formatError(error: ToolError, format: ErrorFormat): Promise<string> {
  const { output, colours, debug } = format;
  const trace = debug ? { stack: stackOf(error) } : {};
  if (output !== 'text') return serialize(output, { error: { ...toWire(error), ...trace } });
  const lines = [`${colours.red('tp:')} ${oneLine(error.message)} ${colours.dim(`[${error.code}]`)}`];
  if (error.remedy !== undefined) lines.push(`    ${oneLine(error.remedy)}`);
  if (debug) lines.push(stackOf(error));
  return lines.map((line) => `${line}\n`).join('');
}

function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${stackOf(error.cause)}` : stack;
}

/** Formats something the user should know although the command goes on. */
export function formatNote(
  { message, remedy }: { message: string; remedy?: string | undefined },
  colours: Colours,
): string {
  const first = `${colours.yellow('tp:')} ${oneLine(message)}\n`;
  return remedy === undefined ? first : `${first}    ${oneLine(remedy)}\n`;
}
