/** Whatever dies on the laptop, the cluster goes on serving, and the next `tp` command works. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { answers, localProcess, onlyLaptopAnswers, startLocalProcess, tpJson } from './main-job.ts';
import { Laptop, apply, createNamespace, suiteOwner, waitFor, waitUntilReady } from './support.ts';

interface Status {
  pid: number;
  connections: { intercepts: { name: string }[] }[];
}

await describe('kill -9', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'crash');
  const laptop = await Laptop.create(owner);
  await apply(namespace, 'client', 'shop');
  await startLocalProcess(owner, laptop, 18080);
  const intercept = ['intercept', 'web', '--port', '18080', '--namespace', namespace];

  async function killDaemon(): Promise<void> {
    const { pid } = await tpJson<Status>(laptop, ['status']);
    process.kill(pid, 'SIGKILL');
  }

  /** Resolves when requests are answered by pods only, and none has failed on the way there. */
  async function untilPodsAnswer(): Promise<void> {
    await waitFor(
      'the pods to answer',
      async () => !(await answers(namespace, 'http://web', 10)).has('laptop'),
      30_000,
    );
  }

  await test('of the daemon: the pods answer again, and the same intercept can be made anew', async () => {
    await tpJson(laptop, intercept);
    await onlyLaptopAnswers(namespace, 'http://web', 10);
    await killDaemon();
    await untilPodsAnswer();

    const status = await tpJson<Status>(laptop, ['status']);
    assert.deepEqual(status.connections, []);
    await tpJson(laptop, intercept);
    await onlyLaptopAnswers(namespace, 'http://web', 10);
    await tpJson(laptop, ['quit']);
    await untilPodsAnswer();
  });

  await test('of the CLI: the daemon leaves what the CLI held', async () => {
    const held = laptop.spawnTp([
      ...['intercept', 'web', '--port', '18086', '--namespace', namespace, '--'],
      ...localProcess(18086),
    ]);
    await waitFor('the intercept', async () => {
      assert.equal(held.child.exitCode, null, held.stderr());
      return (await answers(namespace, 'http://web', 3)).has('laptop');
    });
    // Its output stays open as long as the local process lives, which nobody ends now.
    const killed = once(held.child, 'exit');
    held.child.kill('SIGKILL');
    await killed;
    await untilPodsAnswer();
    await waitFor('the daemon to forget it', async () => {
      const status = await tpJson<Status>(laptop, ['status']);
      return status.connections.every(({ intercepts }) => intercepts.length === 0);
    });
    await tpJson(laptop, ['quit']);
  });

  for (const delayMs of [500, 1500, 4000])
    await test(`of the daemon ${delayMs} ms into an injection: the cluster serves, and the next command goes on`, async () => {
      await tpJson(laptop, ['uninstall', 'web', '--namespace', namespace]);
      await waitUntilReady(namespace);
      const interrupted = laptop.spawnTp(intercept);
      const startedMs = Date.now();
      await waitFor('the moment', () => Promise.resolve(Date.now() - startedMs >= delayMs));
      await killDaemon();
      await interrupted.exited;
      await answers(namespace, 'http://web', 30);

      await tpJson(laptop, intercept);
      await onlyLaptopAnswers(namespace, 'http://web', 10);
      await tpJson(laptop, ['leave', 'web', '--namespace', namespace]);
    });
});
