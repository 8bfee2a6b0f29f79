/** Text for people: columns, ages, and what came from the cluster made safe for a terminal. */

/** Control characters (Unicode category Cc) and line separators: text of the cluster must not drive the terminal. */
const unprintable = /[\p{Cc}\u2028\u2029]+/gu;

/** Makes one line of `text`: each run of control characters becomes a space. */
export function oneLine(text: string): string {
  return text.replace(unprintable, ' ').trimEnd();
}

/** Makes each of `lines` safe and ends it. */
export function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${oneLine(line)}\n`).join('');
}

/** Between two columns, as kubectl has it. */
const gap = '   ';

/**
 * Lays rows out in columns, in kubectl's style: capital headings, no lines, no blanks at the end of a row. An empty cell
 * becomes `-`, so that a row always has the same number of words to cut.
 */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map((cell) => oneLine(cell) || '-'))];
  const widths = headings.map((_heading, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join(gap)
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

const ageUnits = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** How long ago `since` (ISO 8601) was, in its largest whole unit: `5s`, `3m`, `2h`, `4d`. */
export function formatAge(since: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
  for (const [unit, size] of ageUnits) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}
