/**
 * Under a steady 200 requests/s from inside the cluster, half of them on new connections and half on kept-alive ones, nothing
 * that `tp` does loses a request. Where it restarts pods (inject, uninstall) it may lose what `kubectl rollout restart` loses
 * in the same run, and no more; where it does not (intercept, leave, kill), it may lose none.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLocalProcess, tpJson } from './main-job.ts';
import {
  Laptop,
  apply,
  createNamespace,
  kubectl,
  startLoad,
  suiteOwner,
  waitFor,
  waitUntilReady,
  type LoadReport,
} from './support.ts';

/** How long a phase without a rollout lasts: a thousand requests. */
const PHASE_MS = 5000;

await describe('under load', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'load');
  const laptop = await Laptop.create(owner);
  await apply(namespace, 'client', 'shop');
  await startLocalProcess(owner, laptop, 18080);
  const inNamespace = ['--namespace', namespace];

  for (const { name, redirect } of [
    { name: 'web', redirect: 'port-name' },
    { name: 'catalog', redirect: 'service' },
  ])
    await test(`injecting, intercepting, leaving and uninstalling by ${redirect} break no request`, async (t) => {
      const load = await startLoad(t, namespace, {
        url: `http://${name}/`,
        newPerSecond: 100,
        keptPerSecond: 100,
      });
      await pause(t, PHASE_MS);
      await load.mark('kubectl rollout restart');
      await kubectl(['rollout', 'restart', `deployment/${name}`], { namespace });
      await settle(namespace, name);

      await load.mark('inject');
      await tpJson(laptop, ['intercept', name, '--port', '18080', ...inNamespace]);
      await settle(namespace, name);
      await load.mark('intercepted');
      await pause(t, PHASE_MS);
      for (let round = 1; round <= 3; round += 1) {
        await load.mark(`left ${round}`);
        await tpJson(laptop, ['leave', name, ...inNamespace]);
        await pause(t, PHASE_MS);
        await load.mark(`intercepted again ${round}`);
        await tpJson(laptop, ['intercept', name, '--port', '18080', ...inNamespace]);
        await pause(t, PHASE_MS);
      }
      await load.mark('leave at the end');
      await tpJson(laptop, ['leave', name, ...inNamespace]);
      await pause(t, PHASE_MS);
      await load.mark('uninstall');
      await tpJson(laptop, ['uninstall', name, ...inNamespace]);
      await settle(namespace, name);
      const report = await load.stop();

      for (const line of summary(report)) t.diagnostic(line);
      const restart = failuresIn(report, 'kubectl rollout restart').length;
      for (const phase of report.phases.map(({ name: phase }) => phase)) {
        const failures = failuresIn(report, phase);
        const allowed = ['inject', 'uninstall', 'kubectl rollout restart'].includes(phase) ? restart : 0;
        assert.ok(
          failures.length <= allowed,
          `${phase}: ${JSON.stringify(failures.slice(0, 5))}\n${summary(report).join('\n')}`,
        );
      }
      assert.ok(
        (phaseOf(report, 'intercepted').answers['laptop'] ?? 0) > 500,
        'the laptop answered while it was on',
      );
      const left = phaseOf(report, 'leave at the end');
      assert.ok((left.answers['laptop'] ?? 0) < left.answered / 2, 'the pods answered after it was left');
    });
});

async function settle(namespace: string, name: string): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=120s'], { namespace });
  await waitUntilReady(namespace);
}

/** Lets the load run on: what is measured is that nothing happens meanwhile. */
async function pause(t: { signal: AbortSignal }, durationMs: number): Promise<void> {
  const endMs = Date.now() + durationMs;
  await waitFor('the phase to pass', () => Promise.resolve(t.signal.aborted || Date.now() >= endMs));
}

function failuresIn(report: LoadReport, phase: string): LoadReport['failures'] {
  return report.failures.filter((failure) => failure.phase === phase);
}

function phaseOf(report: LoadReport, name: string): LoadReport['phases'][number] {
  const phase = report.phases.find((candidate) => candidate.name === name);
  assert.ok(phase, name);
  return phase;
}

function summary(report: LoadReport): string[] {
  return report.phases.map(
    ({ name, sent, answers }) =>
      `${name}: ${sent} sent, ${failuresIn(report, name).length} failed, ${JSON.stringify(answers)}`,
  );
}
