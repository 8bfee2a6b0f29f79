import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { flags, frameTypes, type Frame } from '../../../../src/protocol/http2/frame.ts';
import { HeaderBlocks } from '../../../../src/protocol/http2/header-blocks.ts';
import { headerFramesLimit } from '../../../../src/protocol/http2/limits.ts';
import { raises } from '../../../support/assert-raises.ts';

const { endHeaders, endStream } = flags;

function headers(flagBits: number, hex: string, streamId = 1): Frame {
  return { type: frameTypes.headers, flags: flagBits, streamId, payload: Buffer.from(hex, 'hex') };
}
function continuation(flagBits: number, hex: string, streamId = 1): Frame {
  return { ...headers(flagBits, hex, streamId), type: frameTypes.continuation };
}

test('a block is put together of its frames', () => {
  const blocks = new HeaderBlocks();
  assert.equal(blocks.receive(headers(endStream, '40')), undefined);
  assert.equal(blocks.receive(continuation(0, '0161')), undefined);
  assert.deepEqual(blocks.receive(continuation(endHeaders, '0162')), {
    streamId: 1,
    fields: [{ name: 'a', value: 'b' }],
    isEnd: true,
  });
  assert.deepEqual(blocks.receive(headers(endHeaders, 'be', 3))?.fields, [{ name: 'a', value: 'b' }]);
});

describe('a connection is refused', () => {
  const receiveAll = (...frames: Frame[]): void => {
    const blocks = new HeaderBlocks();
    for (const frame of frames) blocks.receive(frame);
  };

  test('with anything else within a block', () => {
    for (const frame of [
      headers(endHeaders, '82'),
      { ...headers(0, ''), type: frameTypes.data },
      continuation(0, '', 3),
    ])
      assert.throws(() => receiveAll(headers(0, '82'), frame), raises('HTTP_PROTOCOL', /PROTOCOL_ERROR/));
  });

  test('with a block that starts in its middle', () => {
    assert.throws(
      () => receiveAll(continuation(endHeaders, '82')),
      raises('HTTP_PROTOCOL', /PROTOCOL_ERROR/),
    );
  });

  test('with a block that never ends', () => {
    const endless = Array.from({ length: headerFramesLimit }, () => continuation(0, ''));
    assert.throws(() => receiveAll(headers(0, ''), ...endless), raises('HTTP_PROTOCOL', /ENHANCE_YOUR_CALM/));
    const large = Array.from({ length: 5 }, () => continuation(0, '00'.repeat(16_384)));
    assert.throws(() => receiveAll(headers(0, ''), ...large), raises('HTTP_PROTOCOL', /ENHANCE_YOUR_CALM/));
  });
});
