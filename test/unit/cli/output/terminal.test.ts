import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coloursFor } from '../../../../cli/output/terminal.ts';
import { createRecordingTerminal } from '../../../support/recording-terminal.ts';

test('coloursFor() colours on a terminal only, and not against NO_COLOR', () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  assert.equal(coloursFor(terminal, {}).red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(coloursFor(terminal, { NO_COLOR: '' }).red('x'), '\u001b[31mx\u001b[39m');
  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
    assert.equal(coloursFor(terminal, environment).red('x'), 'x');
  assert.equal(coloursFor(createRecordingTerminal(), {}).red('x'), 'x');
});
