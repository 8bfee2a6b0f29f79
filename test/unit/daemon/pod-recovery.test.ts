import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nullLogger } from '../../../src/core/index.ts';
import { createRecoveryFolder } from '../../../src/daemon/pod-recovery.ts';
import { paths } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube, statusError } from '../../support/fake-kube.ts';
import { NAMESPACE, pod } from '../../support/kube-objects.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();
const context = { clock: createFakeClock(), logger: nullLogger, signal };

function recordOf(name: string, server: string): string {
  return JSON.stringify({ version: 1, server, manifest: pod(name) });
}

test('what is saved is for its owner only, and gone when removed', async (t) => {
  const directory = join(await createTemporaryFolder(t), 'recovery');
  const folder = createRecoveryFolder(directory);
  await folder.save('shop-lone', recordOf('lone', 'https://fake'));
  assert.equal((await stat(join(directory, 'shop-lone.json'))).mode & 0o777, 0o600);
  await folder.remove('shop-lone');
  await folder.remove('shop-lone');
  assert.deepEqual(await readdir(directory), []);
});

test('complete() brings back the Pods of this cluster and keeps the records of others', async (t) => {
  const directory = await createTemporaryFolder(t);
  const folder = createRecoveryFolder(directory);
  const kube = createFakeKube();
  await folder.save('shop-lone', recordOf('lone', kube.server));
  await folder.save('shop-far', recordOf('far', 'https://elsewhere'));
  await folder.complete(kube, context);
  assert.equal(kube.has(paths.pods(NAMESPACE, 'lone')), true);
  assert.equal(kube.has(paths.pods(NAMESPACE, 'far')), false);
  assert.deepEqual(await readdir(directory), ['shop-far.json']);
});

test('a Pod that cannot be created keeps its record, and neither it nor a damaged one stops the others', async (t) => {
  const directory = await createTemporaryFolder(t);
  const folder = createRecoveryFolder(directory);
  const kube = createFakeKube();
  kube.refuse(/^POST/, () => statusError(403, 'Forbidden', 'exceeded quota'), 1);
  await writeFile(join(directory, 'a.json'), '{"version":');
  await folder.save('b', recordOf('first', kube.server));
  await folder.save('c', recordOf('second', kube.server));
  await folder.complete(kube, context);
  const left = await readdir(directory);
  assert.equal(left.length, 2);
  assert.ok(left.includes('a.json'));
  await folder.complete(kube, context);
  assert.deepEqual(await readdir(directory), ['a.json']);
  assert.equal(kube.all(paths.pods(NAMESPACE)).length, 2);
});

test('without a folder there is nothing to complete; one that cannot be written is named', async (t) => {
  const directory = await createTemporaryFolder(t);
  const kube = createFakeKube();
  await createRecoveryFolder(join(directory, 'absent')).complete(kube, context);
  await writeFile(join(directory, 'file'), '');
  const inFile = createRecoveryFolder(join(directory, 'file'));
  await assert.rejects(inFile.save('x', '{}'), raises('FILE_NOT_WRITABLE', /x\.json/));
});
