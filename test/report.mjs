// What a person, and the log of a gate, wants of a test run: each failure with its details, as it happens and again in one
// list at the end; each reason to skip; the totals in the last line. Tests that pass print nothing.
import { relative } from 'node:path';
import { inspect } from 'node:util';

/** A file in which no test was found reports itself as one; that it loaded is not a test that passed. */
const isFile = ({ name }) => name.endsWith('.test.js');

function place({ file, line }) {
  return file === undefined
    ? ''
    : ` (${relative(process.cwd(), file)}${line === undefined ? '' : `:${line}`})`;
}

function describeFailure(event) {
  const { error } = event.details;
  const cause = error?.cause ?? error;
  return `FAILED ${event.name}${place(event)}\n${inspect(cause, { depth: 6, colors: false }).replace(/^/gm, '    ')}\n`;
}

/**
 * Writes the report of `stream` (node:test's) while it runs. Resolves with the counts when it is over.
 * `print` gets whole lines.
 */
export async function report(stream, print = (text) => process.stdout.write(text)) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const skips = new Map();
  for await (const { type, data } of stream) {
    if (type === 'test:stderr' || type === 'test:stdout') print(data.message);
    if (type === 'test:fail' && data.details.type !== 'suite') {
      counts.failed += 1;
      failures.push(`  ${data.name}${place(data)}`);
      print(describeFailure(data));
    }
    if (type === 'test:pass' && data.skip !== undefined) {
      counts.skipped += 1;
      const reason = data.skip === true ? 'no reason given' : data.skip;
      skips.set(reason, (skips.get(reason) ?? 0) + 1);
    } else if (type === 'test:pass' && data.details.type !== 'suite' && !isFile(data)) {
      counts.passed += 1;
    }
  }
  if (skips.size > 0) print('Skipped:\n');
  for (const [reason, count] of skips) print(`  ${count}  ${reason}\n`);
  if (failures.length > 0) print(`Failed:\n${failures.join('\n')}\n`);
  return counts;
}

/** The last line of a run, always. */
export function totals({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
