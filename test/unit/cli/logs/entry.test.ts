import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLogEntry } from '../../../../cli/logs/entry.ts';

test('formatLogEntry() reads an entry of pino', () => {
  assert.equal(
    formatLogEntry(
      '{"level":40,"time":1767225600000,"pid":7,"hostname":"h","msg":"tunnel lost","pod":"web-1","try":2}',
    ),
    '2026-01-01T00:00:00.000Z WARN  tunnel lost pod=web-1 try=2',
  );
});

test('formatLogEntry() reads named levels and ISO times', () => {
  assert.equal(
    formatLogEntry('{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"started"}'),
    '2026-01-01T00:00:00.000Z INFO  started',
  );
});

test('formatLogEntry() shows what is no entry as it is, on one line', () => {
  assert.equal(formatLogEntry('    at main (\u001b[31mdaemon.mjs:1)'), '    at main ( [31mdaemon.mjs:1)');
  assert.equal(formatLogEntry('{not json'), '{not json');
  assert.equal(formatLogEntry('{}'), '- -');
});
