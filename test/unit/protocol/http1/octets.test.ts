import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHOD, TARGET, TEXT, TOKEN, skipClass } from '../../../../src/protocol/http1/octets.ts';

function membersOf(octetClass: number): string {
  const members = Array.from({ length: 256 }, (_, byte) => byte).filter(
    (byte) => skipClass(Buffer.from([byte]), 0, octetClass) === 1,
  );
  return Buffer.from(members).toString('latin1');
}

test('TOKEN is tchar of RFC 9110 §5.6.2', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  assert.equal(
    membersOf(TOKEN),
    Buffer.from(`!#$%&'*+-.^_\`|~0123456789${letters}${letters.toLowerCase()}`).sort().toString(),
  );
});

test('METHOD is TOKEN without lower-case letters', () => {
  assert.equal(membersOf(METHOD), membersOf(TOKEN).replace(/[a-z]/g, ''));
});

test('TARGET is what can be seen in ASCII', () => {
  assert.equal(membersOf(TARGET).length, 94);
  assert.equal(skipClass(Buffer.from('/a?b#c d'), 0, TARGET), 6);
});

test('TEXT is all but control characters, and the tab', () => {
  assert.equal(membersOf(TEXT).length, 256 - 32 - 1 + 1);
});

test('skipClass() starts where it is told and stops at the end', () => {
  assert.equal(skipClass(Buffer.from(' ab '), 1, TOKEN), 3);
  assert.equal(skipClass(Buffer.from('ab'), 0, TOKEN), 2);
  assert.equal(skipClass(Buffer.from('ab'), 5, TOKEN), 5);
});
