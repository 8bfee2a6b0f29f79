import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { printResult, serialize } from '../../../../cli/output/result.ts';
import { createRecordingTerminal } from '../../../support/recording-terminal.ts';

const result = { name: 'web', ports: [{ port: 80 }], text: 'two\nlines', empty: null };

test('printResult() renders text only when text is wanted', async () => {
  for (const [format, expected] of [
    ['text', 'for people\n'],
    ['json', `${JSON.stringify(result, null, 2)}\n`],
  ] as const) {
    const terminal = createRecordingTerminal();
    await printResult(terminal, format, result, () => 'for people\n');
    assert.equal(terminal.text, expected);
  }
});

test('serialize() writes YAML that means the same', async () => {
  assert.deepEqual(parse(await serialize('yaml', result)), result);
});
