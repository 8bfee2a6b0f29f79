/** The main job: requests inside the cluster reach a process on the laptop while the intercept is on, and only then. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InterceptResult } from '../../src/contract/index.ts';
import {
  Laptop,
  apply,
  createNamespace,
  inPod,
  kubectl,
  leftovers,
  suiteOwner,
  waitUntilReady,
} from './support.ts';
import { answers, onlyLaptopAnswers, startLocalProcess, tpJson } from './main-job.ts';

await describe('an intercept', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'intercept');
  const laptop = await Laptop.create(owner);
  const inNamespace = ['--namespace', namespace];
  await apply(namespace, 'client', 'shop', 'headless');

  for (const { name, url, redirect } of [
    { name: 'web', url: 'http://web', redirect: 'port-name' },
    { name: 'catalog', url: 'http://catalog', redirect: 'service' },
    { name: 'orders', url: 'http://orders', redirect: 'service' },
    { name: 'catalog-direct', url: 'http://catalog-direct:8080', redirect: 'nftables' },
    { name: 'web-direct', url: 'http://web-direct:8080', redirect: 'nftables' },
  ])
    await test(`of ${name} catches every request by ${redirect}, and gives it back`, async (t) => {
      await startLocalProcess(t, laptop, 18080);
      assert.ok(!(await answers(namespace, url, 10)).has('laptop'), 'before');

      const result = await tpJson<InterceptResult>(laptop, [
        'intercept',
        name,
        '--port',
        '18080',
        ...inNamespace,
      ]);
      assert.equal(result.ports[0]?.redirect, redirect);
      await onlyLaptopAnswers(namespace, url, 30);

      await tpJson(laptop, ['leave', name, ...inNamespace]);
      assert.ok(!(await answers(namespace, url, 10)).has('laptop'), 'after it was left');

      await tpJson(laptop, ['uninstall', name, ...inNamespace]);
      await waitUntilReady(namespace);
      assert.ok(!(await answers(namespace, url, 10)).has('laptop'), 'after the agent was removed');
    });

  await test('of three replicas catches every request, also of a pod that comes later', async (t) => {
    await startLocalProcess(t, laptop, 18080);
    await kubectl(['scale', 'deployment/web', '--replicas=3'], { namespace });
    await waitUntilReady(namespace);
    const result = await tpJson<InterceptResult>(laptop, [
      'intercept',
      'web',
      '--port',
      '18080:80',
      ...inNamespace,
    ]);
    assert.equal(result.pods.filter(({ state }) => state === 'intercepted').length, 3);
    await onlyLaptopAnswers(namespace, 'http://web', 60);

    await kubectl(['scale', 'deployment/web', '--replicas=4'], { namespace });
    await waitUntilReady(namespace);
    await onlyLaptopAnswers(namespace, 'http://web', 60);
    await tpJson(laptop, ['leave', 'web', ...inNamespace]);
  });

  await test('whose local process is down lets the pods answer, and says so', async (t) => {
    await tpJson(laptop, ['intercept', 'web', '--port', '18081', ...inNamespace]);
    t.after(() => tpJson(laptop, ['leave', 'web', ...inNamespace]));
    const seen = await answers(namespace, 'http://web', 10);
    assert.ok(seen.size > 0 && !seen.has('laptop'));
    const status = await laptop.runTp(['status', '-o', 'json']);
    assert.match(status.stdout, /LOCAL_PROCESS_UNREACHABLE/);
  });

  await test('uninstall --all leaves nothing of tp in the namespace', async () => {
    await tpJson(laptop, ['quit']);
    await tpJson(laptop, ['uninstall', '--all', ...inNamespace]);
    await waitUntilReady(namespace);
    assert.deepEqual(await leftovers(namespace), []);
    assert.match(await inPod(namespace, 'client', ['curl', '-sf', 'http://web']), /"service"/);
  });
});
