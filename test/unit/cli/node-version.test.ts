import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNodeVersion } from '../../../cli/node-version.ts';
import { raises } from '../../support/assert-raises.ts';

test('assertNodeVersion() refuses what is older than package.json allows', () => {
  assertNodeVersion('20.10.0');
  assertNodeVersion('24.1.0');
  assert.throws(() => assertNodeVersion('20.9.0'), raises('NODE_TOO_OLD'));
  assert.throws(() => assertNodeVersion('18.19.1'), raises('NODE_TOO_OLD'));
});
