import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatHost,
  formatSocketAddress,
  isHostName,
  parseHost,
  parsePort,
  parseSocketAddress,
} from '../../../src/address/index.ts';

test('parsePort() reads 1 to 65535', () => {
  assert.equal(parsePort('1'), 1);
  assert.equal(parsePort('65535'), 65535);
});

for (const text of ['', '0', '65536', '-1', '1.5', '0x50', ' 80', '080000']) {
  test(`parsePort() refuses "${text}"`, () => {
    assert.throws(() => parsePort(text), { code: 'ADDRESS_INVALID' });
  });
}

for (const text of [
  'shop',
  'shop.demo.svc.cluster.local',
  'shop.',
  'web-0.web',
  'my_db',
  '10.0.0.1',
  '::1',
  '1shop',
]) {
  test(`parseHost() takes "${text}" as it is`, () => {
    assert.equal(parseHost(text), text);
  });
}

test('parseHost() removes the brackets of an IPv6 address', () => {
  assert.equal(parseHost('[::1]'), '::1');
});

for (const text of [
  '',
  '.',
  'a..b',
  '-a',
  'a-',
  'a b',
  'a\r\nb',
  'a\0b',
  'shöp',
  '[10.0.0.1]',
  '[shop]',
  '1.2.3.400',
  '256',
  'a/b',
  'a@b',
  'a:80',
  'x'.repeat(64),
  `${'abcdefg.'.repeat(32)}x`,
]) {
  test(`parseHost() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseHost(text), { code: 'ADDRESS_INVALID' });
  });
}

test('isHostName() counts 253 characters without the final dot', () => {
  const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  assert.equal(longest.length, 253);
  assert.equal(isHostName(longest), true);
  assert.equal(isHostName(`${longest}.`), true);
  assert.equal(isHostName(`${longest}d`), false);
});

test('parseSocketAddress() reads host and port, and prints them back', () => {
  for (const text of ['shop:80', '10.0.0.1:443', '[::1]:6379']) {
    assert.equal(formatSocketAddress(parseSocketAddress(text)), text);
  }
  assert.deepEqual(parseSocketAddress('[2001:db8::1]:80'), { host: '2001:db8::1', port: 80 });
});

test('parseSocketAddress() uses the default port only without one', () => {
  assert.deepEqual(parseSocketAddress('shop', { defaultPort: 80 }), { host: 'shop', port: 80 });
  assert.deepEqual(parseSocketAddress('shop:81', { defaultPort: 80 }), { host: 'shop', port: 81 });
});

for (const text of [
  'shop',
  ':80',
  'shop:',
  'shop:0',
  'shop:80:80',
  '::1:80',
  '[::1',
  '[::1]80',
  'shop:+80',
  'a b:80',
]) {
  test(`parseSocketAddress() refuses "${text}"`, () => {
    assert.throws(() => parseSocketAddress(text), { code: 'ADDRESS_INVALID' });
  });
}

test('formatHost() puts brackets around IPv6 only', () => {
  assert.equal(formatHost('::1'), '[::1]');
  assert.equal(formatHost('shop'), 'shop');
});
