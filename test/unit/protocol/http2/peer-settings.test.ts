import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSettings, settings } from '../../../../src/protocol/http2/frame.ts';
import { PeerSettings } from '../../../../src/protocol/http2/peer-settings.ts';
import { raises } from '../../../support/assert-raises.ts';

function apply(...pairs: [number, number][]): PeerSettings {
  const peer = new PeerSettings();
  peer.apply(encodeSettings(pairs).subarray(9));
  return peer;
}

test('what is set counts, what is unknown does not', () => {
  const peer = apply([settings.initialWindowSize, 7], [settings.maxConcurrentStreams, 3], [0xff, 1]);
  assert.deepEqual([peer.isKnown, peer.initialWindowSize, peer.maxConcurrentStreams], [true, 7, 3]);
  assert.deepEqual([apply().isKnown, apply().initialWindowSize], [true, 65_535]);
});

test('values out of their range are refused', () => {
  assert.throws(() => apply([settings.enablePush, 2]), raises('HTTP_PROTOCOL', /PROTOCOL_ERROR/));
  assert.throws(
    () => apply([settings.initialWindowSize, 2 ** 31]),
    raises('HTTP_PROTOCOL', /FLOW_CONTROL_ERROR/),
  );
  for (const size of [2 ** 14 - 1, 2 ** 24])
    assert.throws(() => apply([settings.maxFrameSize, size]), raises('HTTP_PROTOCOL', /PROTOCOL_ERROR/));
});
