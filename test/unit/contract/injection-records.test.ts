import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectionRecordSchema, switchRecordSchema, validate } from '../../../src/contract/index.ts';

const refuse = (reason: string): Error => new Error(reason);

test('an injection record keeps what it knows and drops what it does not', () => {
  const record = { version: 1, revision: 'abc', defaultContainer: 'app', later: true };
  assert.deepEqual(validate(injectionRecordSchema, record, refuse), {
    version: 1,
    revision: 'abc',
    defaultContainer: 'app',
  });
});

test('a switch record holds the number that stood in the Service', () => {
  const port = { protocol: 'TCP', port: 80, targetPort: 8080, switchedTo: 'http' };
  const record = { version: 1, workload: 'deploy/web', ports: [port] };
  assert.deepEqual(validate(switchRecordSchema, record, refuse), record);
  const named = { ...record, ports: [{ ...port, targetPort: 'http' }] };
  assert.throws(() => validate(switchRecordSchema, named, refuse), /ports\.0\.targetPort/);
});

test('records of a later version are refused', () => {
  assert.throws(() => validate(injectionRecordSchema, { version: 2, revision: 'abc' }, refuse), /version/);
  assert.throws(
    () => validate(switchRecordSchema, { version: 2, workload: '', ports: [] }, refuse),
    /version/,
  );
});
