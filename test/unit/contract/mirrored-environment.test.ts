import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restoreReferences } from '../../../src/contract/index.ts';

test('restoreReferences() finds service links and leaves the rest as it was written', () => {
  const shared = { DB_SERVICE_HOST: '10.0.0.9' };
  assert.equal(restoreReferences('$(TP_ENV_0_DB_SERVICE_HOST):1', 'TP_ENV_0_', shared), '10.0.0.9:1');
  assert.equal(restoreReferences('$(TP_ENV_0_NOPE) $(A)', 'TP_ENV_0_', shared), '$(NOPE) $(A)');
});

test('restoreReferences() leaves a reference that does not end', () => {
  assert.equal(restoreReferences('a$(TP_ENV_0_B', 'TP_ENV_0_', {}), 'a$(B');
  assert.equal(restoreReferences('', 'TP_ENV_0_', {}), '');
});
