/** Writes variables as the text of a file, in the syntax of the program that will read it. */
import type { Variables } from './local-environment.ts';

export const syntaxNames = ['docker', 'sh', 'powershell', 'json'] as const;
export type SyntaxName = (typeof syntaxNames)[number];

export interface FormattedEnvironment {
  text: string;
  /** What the syntax cannot hold, and therefore is not in the text. */
  skipped: { name: string; reason: string }[];
}

interface LineSyntax {
  line: (name: string, value: string) => string;
  /** Why this variable cannot be written; undefined when it can. */
  obstacle: (name: string, value: string) => string | undefined;
}

/** Docker reads its files with Go's bufio.Scanner, whose longest line this is; one more byte fails the whole file. */
const DOCKER_LINE_LIMIT_BYTES: number = 64 * 1024 - 1;
/** POSIX.1-2017, section 3.235 "Name". Kubernetes allows dots and dashes too. */
const posixName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What PowerShell takes for a single quote inside a single-quoted string; each is written twice. */
const powershellQuotes = /['\u2018\u2019\u201a\u201b]/g;

const lineSyntaxes: Readonly<Record<Exclude<SyntaxName, 'json'>, LineSyntax>> = {
  /** `docker run --env-file`: KEY=VALUE, without any quoting. */
  docker: {
    line: (name, value) => `${name}=${value}`,
    obstacle(name, value) {
      // Go drops a carriage return at the end of a line.
      if (/\n|\r$/.test(value)) return 'a docker env file cannot hold line breaks';
      if (/^#|\s/.test(name)) return 'a docker env file cannot hold this name';
      if (Buffer.byteLength(name) + 1 + Buffer.byteLength(value) > DOCKER_LINE_LIMIT_BYTES)
        return 'a docker env file cannot hold lines over 64 KiB';
      return undefined;
    },
  },
  /** For `. FILE` in any POSIX shell: inside single quotes everything but the quote means itself. */
  sh: {
    line: (name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
    obstacle: (name) => (posixName.test(name) ? undefined : 'a shell cannot have a variable of this name'),
  },
  /** For `. ./FILE.ps1` in PowerShell. */
  powershell: {
    line(name, value) {
      const variable = posixName.test(name) ? `$Env:${name}` : `\${Env:${name}}`;
      return `${variable} = '${value.replaceAll(powershellQuotes, '$&$&')}'`;
    },
    obstacle: (name) => (/[{}`]/.test(name) ? 'PowerShell cannot have a variable of this name' : undefined),
  },
};

/** Formats `variables`, sorted by name, so that two files can be compared. */
export function formatEnvironment(syntax: SyntaxName, variables: Variables): FormattedEnvironment {
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  if (syntax === 'json')
    return { text: `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`, skipped: [] };

  const { line, obstacle } = lineSyntaxes[syntax];
  const lines: string[] = [];
  const skipped: FormattedEnvironment['skipped'] = [];
  for (const [name, value] of sorted) {
    const reason = obstacle(name, value);
    if (reason === undefined) lines.push(line(name, value));
    else skipped.push({ name, reason });
  }
  return { text: lines.map((text) => `${text}\n`).join(''), skipped };
}
