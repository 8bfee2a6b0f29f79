import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestView } from '../../../src/rules/request-view.ts';
import { head } from '../../support/request-heads.ts';

function view(target: string, ...lines: string[]): RequestView {
  return new RequestView(head(target, ...lines));
}

test('path and query are as they were sent', () => {
  const request = view('/a%2Fb/../c?x=1?2');
  assert.equal(request.path, '/a%2Fb/../c');
  assert.equal(request.pathAndQuery, '/a%2Fb/../c?x=1?2');
});

test('a target in absolute form has its path, and its authority goes before the Host field', () => {
  const request = view('http://Shop.example:8080/cart?id=1', 'Host: other');
  assert.equal(request.path, '/cart');
  assert.equal(request.authority, 'shop.example:8080');
  assert.equal(request.host, 'shop.example');
});

test('the host is in lower case and without its port, also an IPv6 address', () => {
  assert.equal(view('/', 'Host: Shop:80').host, 'shop');
  assert.equal(view('/', 'Host: [::1]:80').host, '[::1]');
  assert.equal(view('/').host, '');
});

test('parameters are decoded, and may come several times', () => {
  const request = view('/?user=al%69ce+b&user=&q');
  assert.deepEqual(request.queryValues('user'), ['alice b', '']);
  assert.deepEqual(request.queryValues('q'), ['']);
  assert.deepEqual(request.queryValues('x'), []);
});

test('OPTIONS * has a path, too', () => {
  assert.equal(view('*').path, '*');
});
