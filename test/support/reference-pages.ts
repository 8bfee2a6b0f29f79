/** Renders the pages of `docs/` that are tables of the code. `npm run docs` writes them, a test compares them. */
import { catalogue, exitCodes } from '../../src/errors/index.ts';

interface Entry {
  category: keyof typeof exitCodes;
  message: (details: never) => string;
  remedy?: (details: never) => string;
}

/** Stands for the details of a message: every field reads as its own name in angle brackets. */
function placeholders(): never {
  const handler: ProxyHandler<object> = {
    get(_target, property): unknown {
      if (property === Symbol.toPrimitive) return (): string => '<value>';
      const name = String(property);
      if (name === 'undone') return true;
      if (['known', 'similar', 'hidden', 'choices', 'others', 'ports'].includes(name)) return [`<${name}>`];
      if (name === 'missing') return [{ verb: '<verb>', resource: '<resource>', namespace: '<namespace>' }];
      return `<${name}>`;
    },
  };
  return new Proxy({}, handler) as never;
}

export function renderErrors(): string {
  const lines = [
    '# Errors',
    '',
    'Every error of `tp` has a code. It is printed with the message, and stands in `code` of the JSON output.',
    'This page is made from the table in `src/errors/catalogue.ts` by `npm run docs`.',
    '',
    '## Exit codes',
    '',
    '| exit code | category |',
    '| --- | --- |',
    '| 0 | success |',
    ...Object.entries(exitCodes).map(([category, code]) => `| ${String(code)} | ${category} |`),
    '',
    'With `-- CMD` the exit code is that of CMD (128 + the number of the signal that ended it).',
    '',
    '## Codes',
    '',
  ];
  for (const [code, entry] of Object.entries(catalogue) as [string, Entry][]) {
    lines.push(
      `### ${code}`,
      '',
      `Category \`${entry.category}\`, exit code ${String(exitCodes[entry.category])}.`,
      '',
    );
    lines.push(`> ${entry.message(placeholders())}`, '');
    if (entry.remedy) lines.push(`What to do: ${entry.remedy(placeholders())}.`, '');
  }
  return lines.join('\n');
}
