import type { Terminal } from './terminal.ts';

export const outputFormats = ['text', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Writes a result in the format that was asked for; `renderText` makes the one for people, with its line ends. */
export async function printResult(
  stream: Terminal,
  format: OutputFormat,
  result: unknown,
  renderText: () => string,
): Promise<void> {
  stream.write(format === 'text' ? renderText() : await serialize(format, result));
}

/** Writes data as a document of JSON or YAML. */
export async function serialize(format: 'json' | 'yaml', data: unknown): Promise<string> {
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`;
  // Loaded only here: it costs more than the rest of the command line.
  const { stringify } = await import('yaml');
  return stringify(data, { lineWidth: 0 });
}
