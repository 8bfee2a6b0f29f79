/** The address rewrite: through the addon against a slow reference, and under the sanitizers. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decisions } from '../../../src/tun/native.ts';
import { findNative, run } from '../../support/native-parts.ts';
import { flags, hasRightChecksums, makePacket, type PacketOptions } from '../../support/packets.ts';

const ports = { tcp4: 4001, udp4: 4002, tcp6: 6001, udp6: 6002 };
const own = { v4: Buffer.from([192, 0, 0, 1]), v6: Buffer.from('fd7470756e0000000000000000000001', 'hex') };
const port = fc.integer({ min: 1, max: 65_535 });
const bytesOf = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
/** Neither multicast nor near the device. */
const target4 = bytesOf(3).map((rest) => Buffer.from([10, ...rest]));
const target6 = bytesOf(15).map((rest) => Buffer.from([0x20, ...rest]));
const payload = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const target = fc.oneof(target4, target6);
const sourceFor = (destination: Buffer): Buffer => (destination.length === 4 ? own.v4 : own.v6);

const { native, skip } = findNative();
if (native === undefined) test('the native parts', { skip }, () => undefined);
else {
  const { FlowTable } = native;

  await describe('translate()', async () => {
    await test('UDP there and back keeps checksums right and restores addresses', () => {
      const table = new FlowTable(ports);
      fc.assert(
        fc.property(target, port, port, payload, (destination, sourcePort, destinationPort, data) => {
          const source = sourceFor(destination);
          const sent = makePacket({
            protocol: 'udp',
            source,
            destination,
            sourcePort,
            destinationPort,
            payload: data,
          });
          const there = table.translate(sent);
          assert.equal(there.verdict, 1);
          assert.ok(hasRightChecksums(there.packet));
          const size = source.length;
          const at = size === 4 ? 12 : 8;
          const peer = there.packet.subarray(at, at + size);
          assert.deepEqual(there.packet.subarray(at + size, at + 2 * size), source);
          const ip = size === 4 ? 20 : 40;
          const peerPort = there.packet.readUInt16BE(ip);
          const listener = there.packet.readUInt16BE(ip + 2);
          assert.equal(listener, size === 4 ? ports.udp4 : ports.udp6);
          const answer = makePacket({
            protocol: 'udp',
            source,
            destination: peer,
            sourcePort: listener,
            destinationPort: peerPort,
            payload: data,
          });
          const back = table.translate(answer);
          const expected = makePacket({
            protocol: 'udp',
            source: destination,
            destination: source,
            sourcePort: destinationPort,
            destinationPort: sourcePort,
            payload: data,
          });
          assert.ok(hasRightChecksums(back.packet));
          assert.deepEqual(back.packet, expected);
        }),
      );
      table.close();
    });

    await test('a SYN is held; accepted, it reaches the listener with its options and right checksums', () => {
      const table = new FlowTable(ports);
      const syn: PacketOptions = {
        protocol: 'tcp',
        source: own.v4,
        destination: Buffer.from([10, 1, 2, 3]),
        sourcePort: 40_000,
        destinationPort: 80,
        flags: flags.SYN,
        options: Buffer.from([1, 1, 1, 0]),
      };
      const { verdict, key } = table.translate(makePacket(syn));
      assert.equal(verdict, 2);
      assert.deepEqual(table.counts(), { open: 1, held: 1, lingering: 0, evicted: 0, droppedPackets: 0 });
      assert.equal(table.translate(makePacket(syn)).verdict, 0, 'sent again it waits too');
      assert.deepEqual(table.destination(key), {
        address: Buffer.from('00000000000000000000ffff0a010203', 'hex'),
        port: 80,
      });
      const packet = table.decide(key, decisions.accept);
      assert.ok(hasRightChecksums(packet));
      assert.equal(packet.readUInt16BE(24 + 2), ports.tcp4);
      assert.equal(table.counts().held, 0);
      assert.equal(table.decide(key, decisions.refused).length, 0, 'it is decided once');
    });

    for (const [name, source, destination] of [
      ['IPv4', own.v4, Buffer.from([10, 1, 2, 3])],
      ['IPv6', own.v6, Buffer.from('20010db8000000000000000000000007', 'hex')],
    ] as const) {
      const syn = makePacket({
        protocol: 'tcp',
        source,
        destination,
        sourcePort: 40_000,
        destinationPort: 80,
        flags: flags.SYN,
      });
      const ip = source.length === 4 ? 20 : 40;

      await test(`refused is RST (${name})`, () => {
        const table = new FlowTable(ports);
        const packet = table.decide(table.translate(syn).key, decisions.refused);
        assert.ok(hasRightChecksums(packet));
        assert.equal(packet[ip + 13], flags.RST | flags.ACK);
        assert.equal(packet.readUInt32BE(ip + 8), 0xffffffff, 'acknowledges the SYN');
        assert.deepEqual([packet.readUInt16BE(ip), packet.readUInt16BE(ip + 2)], [80, 40_000]);
        assert.equal(table.counts().open, 0);
      });

      await test(`unreachable is ICMP with the start of its cause (${name})`, () => {
        const table = new FlowTable(ports);
        const packet = table.decide(table.translate(syn).key, decisions.unreachable);
        assert.ok(hasRightChecksums(packet));
        assert.deepEqual([packet[ip], packet[ip + 1]], source.length === 4 ? [3, 1] : [1, 3]);
        assert.deepEqual(packet.subarray(ip + 8), syn.subarray(0, source.length === 4 ? 28 : 60));
      });

      await test(`a time-out is silent (${name})`, () => {
        const table = new FlowTable(ports);
        assert.equal(table.decide(table.translate(syn).key, decisions.silent).length, 0);
        assert.equal(table.counts().open, 0);
      });

      await test(`an echo request is answered "administratively prohibited" (${name})`, () => {
        const table = new FlowTable(ports);
        const echo = makePacket({ protocol: 'icmp', source, destination, sourcePort: 0, destinationPort: 0 });
        const { verdict, packet } = table.translate(echo);
        assert.equal(verdict, 1);
        assert.ok(hasRightChecksums(packet));
        assert.deepEqual([packet[ip], packet[ip + 1]], source.length === 4 ? [3, 13] : [1, 1]);
      });
    }

    await test('fragments and other senders are dropped', () => {
      const table = new FlowTable(ports);
      const good: PacketOptions = {
        protocol: 'udp',
        source: own.v4,
        destination: Buffer.from([10, 1, 2, 3]),
        sourcePort: 5,
        destinationPort: 6,
      };
      for (const [offset, value] of [
        [6, 0x20],
        [7, 1],
        [0, 0x75],
      ] as const) {
        const packet = makePacket(good);
        packet[offset] = value;
        assert.equal(table.translate(packet).verdict, 0);
      }
      assert.equal(table.translate(makePacket({ ...good, source: Buffer.from([10, 9, 9, 9]) })).verdict, 0);
      assert.equal(
        table.translate(makePacket({ ...good, destination: Buffer.from([224, 0, 0, 1]) })).verdict,
        0,
      );
      assert.equal(table.counts().droppedPackets, 5);
    });

    await test('both ends of TCP closed: the flow lingers, and its port can be used again', () => {
      const table = new FlowTable(ports);
      const destination = Buffer.from([10, 1, 2, 3]);
      const open: PacketOptions = {
        protocol: 'tcp',
        source: own.v4,
        destination,
        sourcePort: 40_000,
        destinationPort: 80,
        flags: flags.SYN,
      };
      const { key } = table.translate(makePacket(open));
      table.decide(key, decisions.accept);
      assert.equal(table.translate(makePacket({ ...open, flags: flags.FIN | flags.ACK })).verdict, 1);
      assert.equal(table.counts().open, 1, 'half-closed');
      const peer = Buffer.from([192, 0, 0, Math.floor(key / 65_536)]);
      const answer: PacketOptions = {
        protocol: 'tcp',
        source: own.v4,
        destination: peer,
        sourcePort: ports.tcp4,
        destinationPort: key % 65_536,
        flags: flags.FIN | flags.ACK,
      };
      assert.equal(table.translate(makePacket(answer)).verdict, 1);
      assert.deepEqual([table.counts().open, table.counts().lingering], [0, 1]);
      const again = table.translate(makePacket(open));
      assert.equal(again.verdict, 2);
      assert.notEqual(again.key, key);
    });

    await test('a full table takes the least recently used UDP flow, never an open TCP flow', () => {
      const table = new FlowTable(ports);
      const packet = (index: number, protocol: 'tcp' | 'udp'): Buffer =>
        makePacket({
          protocol,
          source: own.v4,
          destination: Buffer.from([10, 0, index >> 8, index & 0xff]),
          sourcePort: 7,
          destinationPort: 9,
          flags: flags.SYN,
        });
      const { key } = table.translate(packet(0, 'tcp'));
      for (let index = 0; index < 32_768; index += 1)
        assert.equal(table.translate(packet(index, 'udp')).verdict, 1);
      assert.equal(table.counts().open, 32_768);
      assert.equal(table.counts().evicted, 1);
      assert.ok(table.decide(key, decisions.accept).length > 0);
    });
  });
}

await test('garbage and nearly right packets under the sanitizers', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tp-fuzz-'));
  try {
    const program = join(folder, 'fuzz');
    const sources = ['test/native/flow-table-fuzz.c', 'native/flow-table.c', '-Inative'];
    const sanitizers = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    const compiled = await run(process.env['CC'] ?? 'cc', [...sanitizers, ...sources, '-o', program]).catch(
      (error: unknown) => error as Error,
    );
    if (compiled instanceof Error) {
      t.skip(`no compiler with sanitizers: ${compiled.message.split('\n')[0] ?? ''}`);
      return;
    }
    for (const seed of [1, Date.now() % 1_000_000]) {
      const { stdout } = await run(program, [String(seed), '300000']).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      assert.match(stdout, /open \d+/);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
