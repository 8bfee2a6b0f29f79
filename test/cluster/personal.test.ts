/** Personal intercepts: several developers and everybody else on one Service, request by request, and nobody harmed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WorkloadSummary } from '../../src/contract/index.ts';
import { startLocalProcess, tpJson } from './main-job.ts';
import { Laptop, apply, createNamespace, inPod, startLoad, suiteOwner } from './support.ts';

/** Whom a request is for, by its key; none: for the pods. */
type Person = 'ada' | 'bob' | undefined;

/** How often an intercept is switched on and off under load. */
const ROUNDS = 5;

await describe('personal intercepts', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'personal');
  const inNamespace = ['--namespace', namespace];
  await apply(namespace, 'client', 'shop');
  const laptops = {
    ada: await Laptop.create(owner, { SHOWN: 'ada' }),
    bob: await Laptop.create(owner, { SHOWN: 'bob' }),
  };
  await startLocalProcess(owner, laptops.ada, 18080);
  await startLocalProcess(owner, laptops.bob, 18081);
  const interceptAs = (name: 'ada' | 'bob', ...more: string[]): Promise<unknown> => {
    const port = name === 'ada' ? '18080' : '18081';
    return tpJson(laptops[name], ['intercept', 'web', '-p', port, '--key', name, ...inNamespace, ...more]);
  };

  /** Sends a request for each with curl, all on one connection. Returns who answered. */
  async function askOnOneConnection(people: readonly Person[]): Promise<string[]> {
    const requests = people.map(
      (person) =>
        `-sS --fail --max-time 20 -w '\\n%{num_connects}\\n' ${person === undefined ? '' : `-H 'baggage: tp=${person}'`} http://web/`,
    );
    const output = await inPod(namespace, 'client', ['sh', '-c', `curl ${requests.join(' --next ')}`]);
    const lines = output.split('\n').filter((line) => line !== '');
    const connects = lines.filter((_line, index) => index % 2 === 1).map(Number);
    assert.deepEqual(
      connects,
      people.map((_person, index) => (index === 0 ? 1 : 0)),
      'one connection',
    );
    return lines
      .filter((_line, index) => index % 2 === 0)
      .map((line) => {
        const { service, environment } = JSON.parse(line) as { service: string; environment?: string };
        return service === 'laptop' ? String(environment) : service;
      });
  }

  await test('two developers and the rest share one kept-alive connection', async () => {
    await interceptAs('ada');
    await interceptAs('bob');
    const people = Array.from({ length: 30 }, (_, index) => (['ada', undefined, 'bob'] as const)[index % 3]);
    assert.deepEqual(
      await askOnOneConnection(people),
      people.map((person) => person ?? 'web'),
    );
  });

  await test('tp list shows both with their keys', async () => {
    const [web] = (await tpJson<WorkloadSummary[]>(laptops.ada, ['list', ...inNamespace])).filter(
      ({ workload }) => workload === 'deploy/web',
    );
    assert.deepEqual(
      web?.interceptedBy.map(({ rule }) => rule),
      [
        { kind: 'key', value: 'ada' },
        { kind: 'key', value: 'bob' },
      ],
    );
  });

  await test('one leaves, and the other stays', async () => {
    await tpJson(laptops.ada, ['leave', 'web', ...inNamespace]);
    assert.deepEqual(await askOnOneConnection(['ada', 'bob', undefined]), ['web', 'bob', 'web']);
    await tpJson(laptops.bob, ['leave', 'web', ...inNamespace]);
  });

  await test(`switching ${ROUNDS} times under unmatched load harms no request and no connection`, async (t) => {
    const load = await startLoad(t, namespace, {
      url: 'http://web/',
      newPerSecond: 50,
      keptPerSecond: 150,
      field: 'service',
    });
    for (let round = 0; round < ROUNDS; round += 1) {
      await interceptAs('ada');
      assert.deepEqual(await askOnOneConnection(['ada', undefined]), ['ada', 'web']);
      await tpJson(laptops.ada, ['leave', 'web', ...inNamespace]);
    }
    const report = await load.stop();
    const answers = report.phases.map((phase) => phase.answers);
    t.diagnostic(JSON.stringify(report.phases));
    assert.deepEqual(report.failures, []);
    assert.ok(answers.every((seen) => Object.keys(seen).every((name) => name === 'web')));
  });
});
