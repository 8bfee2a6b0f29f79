import { throws } from 'node:assert/strict';
import { test } from 'node:test';
import { loadNative } from '../../../src/tun/index.ts';
import { raises } from '../../support/assert-raises.ts';

test('loadNative() says why there is none', () => {
  throws(() => loadNative('/nowhere'), raises('TUN_UNAVAILABLE', /nowhere/));
});
