import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CleanRequest, CleanResult } from '../../../../src/contract/index.ts';
import { createError, toWire } from '../../../../src/errors/index.ts';
import { createCliRunner } from '../../../support/cli-runner.ts';

const used = { object: 'deploy/web', usedBy: ['ada@laptop'] };

test('tp clean shows what there is; with --yes what was removed and kept', async (t) => {
  let asked: CleanRequest | undefined;
  const { tp } = await createCliRunner(t, {
    clean: (request) => {
      asked = request;
      const svc = { object: 'svc/web', usedBy: [] };
      const [removed, left] = request.remove ? [['svc/web'], [used]] : [[], [svc, used]];
      return Promise.resolve({ result: { namespaces: [{ namespace: 'shop', removed, left }] } });
    },
  });
  assert.equal(
    (await tp('clean')).stdout,
    'Found: shop svc/web\nFound: shop deploy/web (in use: ada@laptop)\nNothing was changed. To remove it, add --yes\n',
  );
  assert.deepEqual([asked?.remove, asked?.force, asked?.allNamespaces], [false, false, false]);
  assert.equal(
    (await tp('clean', '--yes', '-A', '--force', '--timeout', '10s')).stdout,
    'Removed: shop svc/web\nKept: shop deploy/web (in use: ada@laptop)\n',
  );
  assert.deepEqual(
    [asked?.remove, asked?.force, asked?.allNamespaces, asked?.timeoutSeconds],
    [true, true, true, 10],
  );
});

test('tp clean says when there is nothing, and fails where a namespace did', async (t) => {
  let result: CleanResult = { namespaces: [] };
  const { tp } = await createCliRunner(t, { clean: () => Promise.resolve({ result }) });
  assert.equal((await tp('clean')).stdout, 'Nothing of tp found\n');
  assert.deepEqual(JSON.parse((await tp('clean', '-o', 'json')).stdout), { namespaces: [] });
  const error = toWire(createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' }));
  result = { namespaces: [{ namespace: 'shop', removed: [], left: [], error }] };
  const { exitCode, stdout, stderr } = await tp('clean', '-A', '--yes');
  assert.equal(exitCode, 5);
  assert.match(stdout, /^Failed: shop: /);
  assert.match(stderr, /NAMESPACE_NOT_FOUND/);
});
