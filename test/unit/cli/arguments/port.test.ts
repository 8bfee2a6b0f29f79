import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPort, parsePortMapping } from '../../../../cli/arguments/port.ts';

test('parsePortMapping() reads a local port alone, with a number, and with a name', () => {
  assert.deepEqual(parsePortMapping('8080'), { localPort: 8080 });
  assert.deepEqual(parsePortMapping('8080:80'), { localPort: 8080, remote: '80' });
  assert.deepEqual(parsePortMapping('8080:http-alt'), { localPort: 8080, remote: 'http-alt' });
  assert.deepEqual(parsePortMapping('65535:1'), { localPort: 65535, remote: '1' });
});

for (const value of [
  '',
  '0',
  '65536',
  '080',
  '-1',
  '8080:',
  ':80',
  '8080:0',
  '8080:99999',
  '8080:HTTP',
  '8080:-http',
  '8080:http-',
  '8080:a:b',
  '8080 ',
  'http',
  '8080:80/udp',
  `8080:${'a'.repeat(64)}`,
])
  test(`parsePortMapping() refuses "${value}"`, () => {
    assert.throws(() => parsePortMapping(value), { code: 'USAGE_INVALID_OPTION' });
  });

test('findPort() takes decimal numbers of ports only', () => {
  assert.equal(findPort('1'), 1);
  assert.equal(findPort('65535'), 65535);
  for (const text of ['0', '65536', '1e3', '0x50', '８０', ' 80']) assert.equal(findPort(text), undefined);
});
