import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStatus, encodeRequest } from '../../../../../src/sandbox/node/probes/grpc-check.ts';

test('a request is a gRPC message with the name of the service in field 1', () => {
  assert.equal(encodeRequest('').toString('hex'), '0000000000');
  assert.equal(encodeRequest('db').toString('hex'), '00000000040a026462');
});

test('a status of an answer is its field 1; none is unknown', () => {
  assert.equal(decodeStatus(Buffer.from('00000000020801', 'hex')), 1);
  assert.equal(decodeStatus(Buffer.from('0000000000', 'hex')), 0);
});
