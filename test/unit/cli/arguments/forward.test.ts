import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseForward } from '../../../../cli/arguments/forward.ts';

for (const [value, address, localPort, host, port] of [
  ['5432:db:5432', '127.0.0.1', 5432, 'db', 5432],
  ['0:db.shop.svc.cluster.local:5432', '127.0.0.1', 0, 'db.shop.svc.cluster.local', 5432],
  ['0.0.0.0:8080:web:80', '0.0.0.0', 8080, 'web', 80],
  ['localhost:8080:web:80', '127.0.0.1', 8080, 'web', 80],
  ['[::1]:8080:web:80', '::1', 8080, 'web', 80],
  ['8080:[fd00::7]:80', '127.0.0.1', 8080, 'fd00::7', 80],
  ['[::1]:8080:[fd00::7]:80', '::1', 8080, 'fd00::7', 80],
  ['8080:10.96.0.1:443', '127.0.0.1', 8080, '10.96.0.1', 443],
  ['8080:localhost:80', '127.0.0.1', 8080, 'localhost', 80],
] as const)
  test(`parseForward() reads ${value}`, () => {
    assert.deepEqual(parseForward(value), { address, localPort, host, port });
  });

for (const value of [
  '',
  'db:5432',
  '5432:db',
  '5432:db:0',
  '70000:db:5432',
  '5432:db:70000',
  '5432::5432',
  '::1:8080:web:80',
  '8080:fd00::7:80',
  '[web]:8080:web:80',
  '[10.0.0.1:8080:web:80',
  'laptop:8080:web:80',
  '8080:web/x:80',
  '8080:web:80:90:100',
])
  test(`parseForward() refuses "${value}"`, () => {
    assert.throws(() => parseForward(value), { code: 'USAGE_INVALID_OPTION' });
  });
