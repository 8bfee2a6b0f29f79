/** `tp clean`: whoever died at whatever moment, one command leaves nothing of tp, and harms nobody who works. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { answers, onlyLaptopAnswers, startLocalProcess, tpJson } from './main-job.ts';
import {
  Laptop,
  apply,
  createNamespace,
  kubectlJson,
  leftovers,
  suiteOwner,
  waitFor,
  waitUntilReady,
} from './support.ts';

interface Cleaned {
  namespaces: { namespace: string; removed: string[]; left: { object: string; usedBy: string[] }[] }[];
}

await describe('tp clean', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'clean');
  const laptop = await Laptop.create(owner);
  const cleaner = await Laptop.create(owner);
  await apply(namespace, 'client', 'shop');
  await startLocalProcess(owner, laptop, 18080);
  const intercept = ['intercept', 'catalog', '--port', '18080', '--namespace', namespace];
  const clean = (...words: string[]): Promise<Cleaned> =>
    tpJson<Cleaned>(cleaner, ['clean', '--namespace', namespace, ...words]);
  const specs = async (): Promise<string> => {
    const { items } = await kubectlJson<{ items: { metadata: { name: string }; spec: object }[] }>(
      ['get', 'deployments,services'],
      namespace,
    );
    return JSON.stringify(items.map(({ metadata, spec }) => [metadata.name, spec]));
  };
  const before = await specs();

  async function killLaptop(): Promise<void> {
    for (const pid of await laptop.processes()) {
      const isTp = await waitFor('the command line', () => commandLine(pid)).catch(() => '');
      if (isTp.includes('daemon.mjs') || isTp.includes('cli.mjs')) process.kill(pid, 'SIGKILL');
    }
  }

  async function killDuringIntercept(delayMs: number): Promise<void> {
    const interrupted = laptop.spawnTp(intercept);
    const startedMs = Date.now();
    await waitFor('the moment', () => Promise.resolve(Date.now() - startedMs >= delayMs));
    await killLaptop();
    await interrupted.exited;
  }

  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await clean(), { namespaces: [] });
    await waitFor('the pods to go', async () => (await leftovers(namespace)).length === 0, 60_000);
    assert.equal(await specs(), before);
    await waitUntilReady(namespace);
    assert.deepEqual([...(await answers(namespace, 'http://catalog', 5)).keys()].includes('laptop'), false);
  }

  await test('somebody who works is listed and not disturbed', async () => {
    await tpJson(laptop, intercept);
    await onlyLaptopAnswers(namespace, 'http://catalog', 5);
    const [looked] = (await clean()).namespaces;
    assert.ok(looked?.left.some(({ object, usedBy }) => object === 'deploy/catalog' && usedBy.length > 0));
    const [kept] = (await clean('--yes')).namespaces;
    assert.ok(!kept?.removed.some((object) => /catalog|secret/.test(object)), JSON.stringify(kept));
    await onlyLaptopAnswers(namespace, 'http://catalog', 5);
  });

  await test('by force it goes all the same', async () => {
    const [forced] = (await clean('--yes', '--force')).namespaces;
    for (const object of ['deploy/catalog', 'svc/catalog', 'secret/tp-ca'])
      assert.ok(forced?.removed.includes(object), JSON.stringify(forced));
    await killLaptop();
    await nothingIsLeft();
  });

  for (const delayMs of [300, 1_000, 3_000])
    await test(`kill -9 of all of tp ${delayMs} ms into an intercept: nothing is left`, async () => {
      await killDuringIntercept(delayMs);
      await clean('--yes', '--force');
      await nothingIsLeft();
    });

  await test('a laptop that is gone counts as one that sleeps, until its session is over', async () => {
    await killDuringIntercept(8_000);
    const [looked] = (await clean('--yes')).namespaces;
    assert.ok(
      looked?.left.some(({ object }) => object === 'deploy/catalog'),
      JSON.stringify(looked),
    );
    await waitFor(
      'the end of the session',
      async () => (await clean('--yes')).namespaces.every(({ left }) => left.length === 0),
      180_000,
    );
    await nothingIsLeft();
  });

  await test('a gateway that its laptop left is removed', async () => {
    await tpJson(laptop, ['connect', '--namespace', namespace]);
    await killLaptop();
    const [cleaned] = (await clean('--yes', '--force')).namespaces;
    assert.ok(cleaned?.removed.includes('pod/tp-gateway'), JSON.stringify(cleaned));
    await nothingIsLeft();
  });
});

function commandLine(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8');
}
