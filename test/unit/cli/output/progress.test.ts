import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressDisplay } from '../../../../cli/output/progress.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createRecordingTerminal } from '../../../support/recording-terminal.ts';

test('off a terminal each change is a line, and a repetition is none', () => {
  const terminal = createRecordingTerminal();
  const { onProgress, finish } = createProgressDisplay(terminal, createFakeClock());
  onProgress({ step: 'rollout', message: '1 of 3 pods' });
  onProgress({ step: 'rollout', message: '1 of 3 pods' });
  onProgress({ step: 'rollout', message: '2 of 3\npods' });
  finish();
  assert.equal(terminal.text, '1 of 3 pods\n2 of 3 pods\n');
});

/** What a terminal of enough lines shows after the control sequences that the display uses. */
function show(text: string): string[] {
  const screen: string[] = [];
  let row = 0;
  for (const part of text.split(/(\u001b\[\d*[A-Z]|\n)/)) {
    const up = /^\u001b\[(\d+)A$/.exec(part)?.[1];
    if (up !== undefined) row -= Number(up);
    else if (part === '\n') row += 1;
    else if (part === '\u001b[2K') screen[row] = '';
    else if (part !== '') screen[row] = part;
  }
  return screen;
}

test('on a terminal each step has a line, with the seconds it takes', async () => {
  const terminal = createRecordingTerminal({ isTTY: true, columns: 40 });
  const clock = createFakeClock();
  const { onProgress, finish } = createProgressDisplay(terminal, clock);
  onProgress({ step: 'connect', message: 'Connecting' });
  await clock.advance(2500);
  assert.deepEqual(show(terminal.text), ['Connecting (2 s)']);
  onProgress({ step: 'rollout', message: '1 of 3 pods' });
  await clock.advance(3500);
  assert.deepEqual(show(terminal.text), ['Connecting (2 s)', '1 of 3 pods (3 s)']);
  onProgress({ step: 'rollout', message: '2 of 3 pods' });
  finish();
  finish();
  onProgress({ step: 'rollout', message: 'too late' });
  assert.deepEqual(show(terminal.text), ['Connecting (2 s)', '2 of 3 pods (3 s)']);
  assert.equal(clock.pendingTimers, 0);
});

test('a line never wraps', () => {
  const terminal = createRecordingTerminal({ isTTY: true, columns: 20 });
  const { onProgress, finish } = createProgressDisplay(terminal, createFakeClock());
  onProgress({ step: 'a', message: 'Waiting for the image registry.example/agent:1' });
  finish();
  for (const line of show(terminal.text)) assert.ok(line.length < 20, line);
});

test('more steps than fit show the latest', () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  const { onProgress, finish } = createProgressDisplay(terminal, createFakeClock());
  for (let step = 1; step <= 12; step += 1) onProgress({ step: String(step), message: `step ${step}` });
  finish();
  assert.deepEqual([show(terminal.text).length, show(terminal.text).at(-1)], [10, 'step 12']);
});

test('nothing is written when nothing was waited for', () => {
  const terminal = createRecordingTerminal({ isTTY: true });
  createProgressDisplay(terminal, createFakeClock()).finish();
  assert.equal(terminal.text, '');
});
