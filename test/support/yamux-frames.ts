/**
 * Yamux frames as text, so that tests read like a trace. Encoding and decoding are independent of `src/protocol/yamux`.
 *
 *     data syn 1 "hello"       data frame with SYN for stream 1 with the payload hello
 *     data 1 *65536            … with a payload of 65,536 times the letter x
 *     update syn+fin 3 1000    window update with a delta of 1,000
 *     ping ack 7               the response to ping 7
 *     goAway 0
 *
 * Ping and go away are for stream 0, data and window update name theirs.
 */
const types = ['data', 'update', 'ping', 'goAway'];
const flagBits: Record<string, number> = { syn: 1, ack: 2, fin: 4, rst: 8 };

/** Returns the bytes of the frames that `lines` describe. */
export function encodeFrames(...lines: readonly string[]): Buffer {
  return Buffer.concat(lines.map(encodeFrame));
}

function encodeFrame(line: string): Buffer {
  const words = line.split(' ');
  const type = types.indexOf(words.shift() ?? '');
  if (type === -1) throw new Error(`No such frame type: ${line}`);
  const flagNames = /^[a-z]/.test(words[0] ?? '') ? (words.shift() ?? '').split('+') : [];
  const streamId = type < 2 ? Number(words.shift()) : 0;
  const value = words.join(' ');
  const payload = type === 0 ? encodePayload(value) : Buffer.alloc(0);
  const header = Buffer.alloc(12);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(
    flagNames.reduce((bits, name) => bits | (flagBits[name] ?? NaN), 0),
    2,
  );
  header.writeUInt32BE(streamId, 4);
  header.writeUInt32BE(type === 0 ? payload.length : Number(value), 8);
  return Buffer.concat([header, payload]);
}

function encodePayload(value: string): Buffer {
  return value.startsWith('*') ? Buffer.alloc(Number(value.slice(1)), 'x') : Buffer.from(value.slice(1, -1));
}

/** Returns the line of each frame in `bytes`, which hold whole frames only. */
export function describeFrames(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const type = bytes.readUInt8(offset + 1);
    const bits = bytes.readUInt16BE(offset + 2);
    const length = bytes.readUInt32BE(offset + 8);
    const payload = bytes.subarray(offset + 12, offset + 12 + (type === 0 ? length : 0));
    if (type === 0 && payload.length < length) throw new Error('The last frame is cut off');
    const flagNames = Object.keys(flagBits).filter((name) => (bits & (flagBits[name] ?? 0)) !== 0);
    lines.push(
      [
        types[type],
        ...(flagNames.length > 0 ? [flagNames.join('+')] : []),
        ...(type < 2 ? [bytes.readUInt32BE(offset + 4)] : []),
        type === 0 ? describePayload(payload) : length,
      ].join(' '),
    );
    offset += 12 + payload.length;
  }
  return lines;
}

function describePayload(payload: Buffer): string {
  const isFill = payload.length > 32 && payload.every((byte) => byte === 0x78);
  return isFill ? `*${payload.length}` : `"${payload.toString('latin1')}"`;
}
