import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveWindow } from '../../../../src/protocol/http2/receive-window.ts';
import { raises } from '../../../support/assert-raises.ts';

test('credit is given when half a window is owed', () => {
  const window = new ReceiveWindow(100);
  window.receive(100);
  assert.equal(window.release(49), 0);
  assert.equal(window.release(1), 50);
  window.receive(50);
  assert.equal(window.release(50), 50);
});

test('more than the window is refused', () => {
  const window = new ReceiveWindow(100);
  window.receive(60);
  window.release(40);
  assert.throws(() => window.receive(41), raises('HTTP_PROTOCOL', /FLOW_CONTROL_ERROR/));
});
