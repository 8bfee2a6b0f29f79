import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthenticator, findBasicCredentials } from '../../../src/proxy-server/credentials.ts';

const authenticate = createAuthenticator({ username: 'me', password: 'p:w' });

for (const [username, password, expected] of [
  ['me', 'p:w', true],
  ['me', 'p:', false],
  ['me', '', false],
  ['', 'p:w', false],
  ['me:p', 'w', true],
  ['ME', 'p:w', false],
] as const) {
  test(`"${username}" with "${password}" ${expected ? 'may' : 'may not'} use the proxy`, () => {
    assert.equal(authenticate(Buffer.from(username), Buffer.from(password)), expected);
  });
}

test('findBasicCredentials() splits at the first colon (RFC 7617 §2)', () => {
  const token = Buffer.from('me:p:w').toString('base64');
  assert.deepEqual(findBasicCredentials(`basic  ${token}`), {
    username: Buffer.from('me'),
    password: Buffer.from('p:w'),
  });
});

for (const value of [undefined, '', 'Basic', 'Bearer bWU6cHc=', 'Basic !!!', `Basic ${btoa('nocolon')}`]) {
  test(`findBasicCredentials() finds nothing in ${String(value)}`, () => {
    assert.equal(findBasicCredentials(value), undefined);
  });
}
