import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import { observe } from '../../../src/intercepts/observe.ts';
import { paths, type V1Pod, type V1Service } from '../../../src/kube/index.ts';
import { raises } from '../../support/assert-raises.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeKube } from '../../support/fake-kube.ts';
import { NAMESPACE, pod, service } from '../../support/kube-objects.ts';

const sources = { pods: { path: paths.pods(NAMESPACE) }, services: { path: paths.services(NAMESPACE) } };
type Objects = { pods: V1Pod; services: V1Service };

function setUp(): {
  kube: ReturnType<typeof createFakeKube>;
  clock: ReturnType<typeof createFakeClock>;
  end: AbortController;
} {
  return { kube: createFakeKube(), clock: createFakeClock(), end: new AbortController() };
}

test('decides once every source was listed, and again with each change', async () => {
  const { kube, clock, end } = setUp();
  const seen: string[] = [];
  const work = observe<Objects, string>(kube, sources, {
    clock,
    signal: end.signal,
    decide: ({ pods, services }) => {
      seen.push(`${pods.length}/${services.length}`);
      return pods.length > 0 && services.length > 0 ? 'both' : undefined;
    },
  });
  await clock.advance(0);
  kube.put(paths.pods(NAMESPACE, 'a'), pod('a'));
  kube.put(paths.services(NAMESPACE, 'a'), service('a', []));
  assert.equal(await work, 'both');
  assert.equal(seen[0], '0/0');
  assert.equal(seen.at(-1), '1/1');
});

test('decides with time, too, and leaves no timer', async () => {
  const { kube, clock, end } = setUp();
  const work = observe<Objects, true>(kube, sources, {
    clock,
    signal: end.signal,
    decide: () => (clock.monotonicMs() >= 3000 ? true : undefined),
  });
  await clock.advance(3000);
  assert.equal(await work, true);
  assert.equal(clock.pendingTimers, 0);
});

test('a source that there is no need to follow is empty', async () => {
  const { kube, clock, end } = setUp();
  const decide = ({ services }: { services: V1Service[] }): number => services.length;
  const result = await observe<Objects, number>(
    kube,
    { ...sources, services: undefined },
    { clock, signal: end.signal, decide },
  );
  assert.equal(result, 0);
});

const forbidden = (): Error => createError('KUBE_FORBIDDEN', { action: 'watch services', missing: [] });

test('a source that may not be watched is an error, unless it is optional', async () => {
  const { kube, clock, end } = setUp();
  kube.refuse(/WATCH .*services/, forbidden);
  const options = { clock, signal: end.signal, decide: (): true => true };
  await assert.rejects(observe<Objects, true>(kube, sources, options), raises('KUBE_FORBIDDEN'));
  const optional = { ...sources, services: { ...sources.services, isOptional: true } };
  assert.equal(await observe<Objects, true>(kube, optional, options), true);
});

test('what decide throws comes out', async () => {
  const { kube, clock, end } = setUp();
  const decide = (): never => {
    throw new Error('cannot tell');
  };
  await assert.rejects(
    observe<Objects, true>(kube, sources, { clock, signal: end.signal, decide }),
    /cannot tell/,
  );
  assert.equal(clock.pendingTimers, 0);
});

test('an abort ends it with its reason', async () => {
  const { kube, clock, end } = setUp();
  const work = observe<Objects, true>(kube, sources, { clock, signal: end.signal, decide: () => undefined });
  await clock.advance(0);
  end.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
  await assert.rejects(
    observe<Objects, true>(kube, sources, { clock, signal: end.signal, decide: () => true }),
    /enough/,
  );
  assert.equal(clock.pendingTimers, 0);
});
