import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isToolError } from '../../../../src/errors/index.ts';
import {
  PortForwardDecoder,
  encodeDataMessages,
  maximumDataBytes,
  maximumErrorBytes,
  maximumPorts,
  type PortForwardEvent,
} from '../../../../src/protocol/k8s-channel/port-forward.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A decoder for port 8080 (1f90) whose announcements have come, as Kubernetes 1.20.2 sends them. */
function openDecoder(): PortForwardDecoder {
  const decoder = new PortForwardDecoder([8080]);
  assert.deepEqual(decoder.receive(hex('00 901f')), []);
  assert.deepEqual(decoder.receive(hex('01 901f')), [{ kind: 'open', portIndex: 0 }]);
  return decoder;
}

function isProtocolError(error: unknown): boolean {
  return isToolError(error, 'CHANNEL_PROTOCOL');
}

test('a port is open when both of its channels have announced it, in any order', () => {
  openDecoder();
  const decoder = new PortForwardDecoder([8080]);
  assert.deepEqual(decoder.receive(hex('01 901f')), []);
  assert.deepEqual(decoder.receive(hex('00 901f')), [{ kind: 'open', portIndex: 0 }]);
});

test('the even channel carries data, the odd one error text', () => {
  const decoder = openDecoder();
  assert.deepEqual(decoder.receive(hex('00 616263')), [
    { kind: 'data', portIndex: 0, data: Buffer.from('abc') },
  ]);
  assert.deepEqual(decoder.receive(hex('01 616263')), [{ kind: 'error', portIndex: 0, text: 'abc' }]);
});

test('data is a view of the message', () => {
  const message = hex('00 616263');
  const [event] = openDecoder().receive(message);
  assert.equal(event?.kind === 'data' && event.data.buffer === message.buffer, true);
});

test('channels of the n-th port are 2n and 2n + 1', () => {
  const decoder = new PortForwardDecoder([80, 443]);
  const events = ['02 bb01', '00 5000', '03 bb01', '01 5000', '02 aa', '00 bb', '03 63'].map((text) =>
    decoder.receive(hex(text)),
  );
  assert.deepEqual(events.flat(), [
    { kind: 'open', portIndex: 1 },
    { kind: 'open', portIndex: 0 },
    { kind: 'data', portIndex: 1, data: hex('aa') },
    { kind: 'data', portIndex: 0, data: hex('bb') },
    { kind: 'error', portIndex: 1, text: 'c' },
  ]);
});

test('an announcement may be split, and be followed by data in the same message', () => {
  const decoder = new PortForwardDecoder([8080]);
  decoder.receive(hex('01 901f'));
  assert.deepEqual(decoder.receive(hex('00 90')), []);
  assert.deepEqual(decoder.receive(hex('00 1f 61')), [
    { kind: 'open', portIndex: 0 },
    { kind: 'data', portIndex: 0, data: Buffer.from('a') },
  ]);
});

test('messages without data mean nothing', () => {
  const decoder = new PortForwardDecoder([8080]);
  assert.deepEqual(decoder.receive(hex('')), []);
  assert.deepEqual(decoder.receive(hex('00')), []);
  assert.deepEqual(openDecoder().receive(hex('01')), []);
});

test('a channel that nobody asked for is a violation', () => {
  assert.throws(() => openDecoder().receive(hex('02 00')), isProtocolError);
  assert.throws(() => openDecoder().receive(hex('ff')), isProtocolError);
});

test('the announcement of another port is a violation', () => {
  assert.throws(() => new PortForwardDecoder([8080]).receive(hex('00 1f90')), isProtocolError);
});

test('error text is cut', () => {
  const [event] = openDecoder().receive(Buffer.concat([hex('01'), Buffer.alloc(maximumErrorBytes + 1, 'x')]));
  assert.equal(event?.kind === 'error' && event.text.length, maximumErrorBytes);
});

test('no ports, and more than a byte can number, are refused', () => {
  assert.throws(() => new PortForwardDecoder([]));
  assert.throws(() => new PortForwardDecoder(Array.from({ length: maximumPorts + 1 }, () => 1)));
});

test('chunks are packed into as few messages as possible', () => {
  const messages = encodeDataMessages(0, [Buffer.alloc(maximumDataBytes - 1, 1), hex('02 03'), hex('04')]);
  assert.deepEqual(
    messages.map((message) => message.length),
    [1 + maximumDataBytes, 3],
  );
  assert.equal(messages[0]?.at(-1), 2);
  assert.deepEqual(messages[1], hex('00 03 04'));
  assert.deepEqual(encodeDataMessages(1, [hex('aa')]), [hex('02 aa')]);
  assert.deepEqual(encodeDataMessages(0, []), []);
  assert.deepEqual(encodeDataMessages(0, [Buffer.alloc(0)]), []);
});

test('what is encoded arrives, however it was cut', () => {
  const chunk = fc.integer({ min: 0, max: 90_000 }).map((length) => Buffer.alloc(length, length % 251));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
      const decoder = openDecoder();
      const events = encodeDataMessages(0, chunks).flatMap((message) => decoder.receive(message));
      const received = Buffer.concat(
        events.map((event) => (event.kind === 'data' ? event.data : Buffer.alloc(0))),
      );
      assert.ok(received.equals(Buffer.concat(chunks)));
    }),
    { numRuns: 50 },
  );
});

test('nothing that a server sends gives another error than a violation', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 8 }), (messages) => {
      const decoder = new PortForwardDecoder([80, 443]);
      const events: PortForwardEvent[] = [];
      try {
        for (const message of messages) events.push(...decoder.receive(Buffer.from(message)));
      } catch (error) {
        assert.ok(isProtocolError(error));
      }
      assert.ok(events.filter(({ kind }) => kind === 'open').length <= 2);
    }),
    { numRuns: 500 },
  );
});
