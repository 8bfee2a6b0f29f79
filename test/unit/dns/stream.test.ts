import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsStreamDecoder, encodeStreamMessage, serveDnsStream } from '../../../src/dns/stream.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';

test('messages survive any split', () => {
  const bytes = Buffer.concat(
    [Buffer.from('first'), Buffer.from(''), Buffer.from('second')].map(encodeStreamMessage),
  );
  for (let at = 0; at <= bytes.length; at += 1) {
    const decoder = new DnsStreamDecoder();
    const messages = [...decoder.push(bytes.subarray(0, at)), ...decoder.push(bytes.subarray(at))];
    assert.deepEqual(messages.map(String), ['first', '', 'second']);
  }
});

test('serveDnsStream() answers in order, leaves out what has no answer, and ends with its asker', async () => {
  const { a: asker, b: server } = createDuplexPair();
  const serving = serveDnsStream(server, (query) =>
    Promise.resolve(String(query) === 'silent' ? undefined : Buffer.from(`${String(query)}!`)),
  );
  asker.end(Buffer.concat(['one', 'silent', 'two'].map((text) => encodeStreamMessage(Buffer.from(text)))));
  const decoder = new DnsStreamDecoder();
  const answers: string[] = [];
  for await (const chunk of asker) answers.push(...decoder.push(chunk as Buffer).map(String));
  assert.deepEqual(answers, ['one!', 'two!']);
  await serving;
});
