import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DatagramDecoder,
  encodeDatagram,
  maximumDatagramBytes,
} from '../../../../src/protocol/datagram/index.ts';

test('encodeDatagram() writes the length in two bytes, big-endian', () => {
  assert.equal(encodeDatagram(Buffer.from('hi')).toString('hex'), '00026869');
  assert.equal(encodeDatagram(Buffer.alloc(0)).toString('hex'), '0000');
  assert.equal(encodeDatagram(Buffer.alloc(maximumDatagramBytes)).subarray(0, 2).toString('hex'), 'ffe3');
});

test('encodeDatagram() refuses what UDP cannot carry', () => {
  assert.throws(() => encodeDatagram(Buffer.alloc(maximumDatagramBytes + 1)), { code: 'INTERNAL' });
});

test('datagrams come out as they went in, however the stream is cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (datagrams, sizes) => {
      const stream = Buffer.concat(datagrams.map((datagram) => encodeDatagram(Buffer.from(datagram))));
      const decoder = new DatagramDecoder();
      const received: Buffer[] = [];
      for (let offset = 0, turn = 0; offset < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        received.push(...decoder.receive(Buffer.from(stream.subarray(offset, offset + size))));
        offset += size;
      }
      decoder.end();
      assert.deepEqual(
        received,
        datagrams.map((datagram) => Buffer.from(datagram)),
      );
    }),
  );
});

test('DatagramDecoder refuses a length over 65,507', () => {
  assert.throws(() => new DatagramDecoder().receive(Buffer.from('ffe4', 'hex')), { code: 'TUNNEL_PROTOCOL' });
});

for (const hex of ['00', '0001', '000261']) {
  test(`DatagramDecoder.end() refuses an end after ${hex}`, () => {
    const decoder = new DatagramDecoder();
    assert.deepEqual(decoder.receive(Buffer.from(hex, 'hex')), []);
    assert.throws(() => decoder.end(), { code: 'TUNNEL_PROTOCOL' });
  });
}
