import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatch, pointer, type PatchOperation } from '../../../src/intercepts/json-patch.ts';

test('pointer() escapes as RFC 6901 section 3 says', () => {
  assert.equal(pointer('/a', 'tp.dev/x', 'm~n', 0), '/a/tp.dev~1x/m~0n/0');
});

test('applyPatch() leaves its argument as it is', () => {
  const document = { list: ['a'] };
  assert.deepEqual(applyPatch(document, [{ op: 'add', path: '/list/0', value: 'b' }]), { list: ['b', 'a'] });
  assert.deepEqual(document, { list: ['a'] });
});

// Examples of RFC 6902 appendix A, by their numbers.
const examples: [string, object, PatchOperation[], object][] = [
  [
    'A.1 adds a member',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux' }],
    { foo: 'bar', baz: 'qux' },
  ],
  [
    'A.2 adds an element',
    { foo: ['a', 'c'] },
    [{ op: 'add', path: '/foo/1', value: 'b' }],
    { foo: ['a', 'b', 'c'] },
  ],
  ['A.3 removes a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  [
    'A.4 removes an element',
    { foo: ['a', 'b', 'c'] },
    [{ op: 'remove', path: '/foo/1' }],
    { foo: ['a', 'c'] },
  ],
  ['A.5 replaces a value', { baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
  ['A.8 tests values', { foo: ['a', 2] }, [{ op: 'test', path: '/foo/1', value: 2 }], { foo: ['a', 2] }],
  [
    'A.14 unescapes ~ and /',
    { '/': 9, '~1': 10 },
    [{ op: 'test', path: '/~01', value: 10 }],
    { '/': 9, '~1': 10 },
  ],
  [
    'A.16 appends an element',
    { foo: ['a'] },
    [{ op: 'add', path: '/foo/-', value: ['b'] }],
    { foo: ['a', ['b']] },
  ],
];
for (const [name, document, patch, expected] of examples)
  test(`applyPatch() ${name}`, () => {
    assert.deepEqual(applyPatch(document, patch), expected);
  });

const refused: [string, object, PatchOperation][] = [
  ['a test that fails (A.9)', { baz: 'qux' }, { op: 'test', path: '/baz', value: 'bar' }],
  ['an addition below what is not there (A.12)', { foo: 'bar' }, { op: 'add', path: '/baz/bat', value: 1 }],
  ['the removal of what is not there', { foo: 'bar' }, { op: 'remove', path: '/baz' }],
  ['the replacement of what is not there', {}, { op: 'replace', path: '/baz', value: 1 }],
  ['an index beyond the end', { foo: ['a'] }, { op: 'add', path: '/foo/2', value: 'b' }],
  ['the removal of the place after the end', { foo: ['a'] }, { op: 'remove', path: '/foo/-' }],
  ['the whole document', {}, { op: 'add', path: '', value: 1 }],
];
for (const [name, document, operation] of refused)
  test(`applyPatch() refuses ${name}`, () => {
    assert.throws(() => applyPatch(document, [operation]));
  });
