import { oneLine } from '../output/text.ts';

/** The levels of pino 10. */
const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
/** The same in each entry of one process. */
const constantFields: ReadonlySet<string> = new Set(['pid', 'hostname', 'v']);

/** Turns one JSON line of a log into `TIME LEVEL MESSAGE field=value …`; any other line stays what it is. */
export function formatLogEntry(line: string): string {
  const entry = findEntry(line);
  if (entry === undefined) return oneLine(line);
  const { time, level, msg, ...rest } = entry;
  const fields = Object.entries(rest)
    .filter(([name]) => !constantFields.has(name))
    .map(([name, value]) => `${name}=${toText(value)}`);
  return oneLine([formatTime(time), formatLevel(level), toText(msg ?? ''), ...fields].join(' '));
}

function findEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function formatTime(time: unknown): string {
  return typeof time === 'number' ? new Date(time).toISOString() : toText(time ?? '-');
}

function formatLevel(level: unknown): string {
  if (typeof level === 'number') return (levelNames[level] ?? String(level)).padEnd(5);
  return toText(level ?? '-')
    .toUpperCase()
    .padEnd(5);
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
