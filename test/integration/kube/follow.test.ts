/** Lists and watches against a fake API server that the test drives. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { ToolError } from '../../../src/errors/index.ts';
import {
  healthyWatchMs,
  retryBackoff,
  watchGraceSeconds,
  watchTimeoutSeconds,
} from '../../../src/kube/follow.ts';
import { paths, type KubernetesObject } from '../../../src/kube/index.ts';
import {
  startFakeApiServer,
  statusAnswer,
  type FakeAnswer,
  type FakeRequest,
} from '../../support/fake-api-server.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createTestClient } from '../../support/fake-kubeconfig.ts';
import { waitFor } from '../../support/sockets.ts';

interface Scene {
  clock: FakeClock;
  controller: AbortController;
  /** What `onChange` reported: `name=version` of each object. */
  views: string[][];
  errors: ToolError[];
  /** Queries of the requests so far, without the constant parts. */
  asked(): string[];
  /** The bodies of the watches so far. */
  watches: ServerResponse[];
  /** Answers instead of the list or watch when it is set. */
  refusal: FakeAnswer | undefined;
  /** Resolves when `follow` has ended. */
  done: Promise<void>;
}

function anObject(name: string, version: number): KubernetesObject {
  return { metadata: { name, resourceVersion: String(version) } };
}

function describeQuery({ url }: FakeRequest): string {
  const version = url.searchParams.get('resourceVersion');
  return url.searchParams.get('watch') === 'true' ? `watch from ${version ?? ''}` : 'list';
}

/** Follows pods of a fake server whose list is `a=5`, and waits for the first watch unless told otherwise. */
async function startScene(t: TestContext, { refusal }: { refusal?: FakeAnswer } = {}): Promise<Scene> {
  const clock = createFakeClock();
  const controller = new AbortController();
  const server = await startFakeApiServer(t, {
    answer: ({ url }): FakeAnswer => {
      if (scene.refusal !== undefined) return scene.refusal;
      if (url.searchParams.get('watch') !== 'true') {
        return { body: { metadata: { resourceVersion: '9' }, items: [anObject('a', 5)] } };
      }
      return {
        write: (response): void => {
          response.flushHeaders();
          scene.watches.push(response);
        },
      };
    },
  });
  const client = await createTestClient(t, server, { clock });
  const scene: Scene = {
    clock,
    controller,
    views: [],
    errors: [],
    refusal,
    asked: () => server.requests.map(describeQuery),
    watches: [],
    done: Promise.resolve(),
  };
  scene.done = client.follow(paths.pods('demo'), {
    labelSelector: 'app=web',
    signal: controller.signal,
    onChange: (items) => {
      scene.views.push(
        [...items].map(([name, { metadata }]) => `${name}=${metadata?.resourceVersion ?? ''}`),
      );
    },
    onError: (error) => scene.errors.push(error),
  });
  t.after(() => controller.abort());
  if (refusal === undefined) await waitFor('the first watch', () => scene.watches.length === 1);
  return scene;
}

function currentWatch({ watches }: Scene): ServerResponse {
  return watches.at(-1) ?? assert.fail('no watch is open');
}

function send(scene: Scene, ...events: { type: string; object: object }[]): void {
  currentWatch(scene).write(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** Lets time pass until the client has sent `count` requests. */
async function passUntilAsked(scene: Scene, count: number): Promise<void> {
  await waitFor('the next request', async () => {
    await scene.clock.advance(retryBackoff.initialMs);
    return scene.asked().length === count;
  });
}

test('reports the list, then each batch of changes', async (t) => {
  const scene = await startScene(t);
  assert.deepEqual(scene.views, [['a=5']]);
  send(scene, { type: 'ADDED', object: anObject('b', 10) });
  await waitFor('the change', () => scene.views.length === 2);
  send(
    scene,
    { type: 'MODIFIED', object: anObject('a', 11) },
    { type: 'DELETED', object: anObject('b', 12) },
  );
  await waitFor('the change', () => scene.views.length === 3);
  assert.deepEqual(scene.views.slice(1), [['a=5', 'b=10'], ['a=11']]);
  assert.deepEqual(scene.asked(), ['list', 'watch from 9']);
});

test('a watch that ends is continued from the last version seen, bookmarks included', async (t) => {
  const scene = await startScene(t);
  send(scene, { type: 'ADDED', object: anObject('b', 10) }, { type: 'BOOKMARK', object: anObject('', 20) });
  await waitFor('the change', () => scene.views.length === 2);
  currentWatch(scene).end();
  await passUntilAsked(scene, 3);
  assert.equal(scene.asked()[2], 'watch from 20');
  assert.deepEqual(scene.errors, []);
});

test('a watch that breaks is reported and continued', async (t) => {
  const scene = await startScene(t);
  currentWatch(scene).destroy();
  await passUntilAsked(scene, 3);
  assert.equal(scene.asked()[2], 'watch from 9');
  assert.deepEqual(
    scene.errors.map(({ code }) => code),
    ['KUBE_UNREACHABLE'],
  );
});

test('a history that is gone is listed anew, without an error', async (t) => {
  const scene = await startScene(t);
  send(scene, { type: 'ADDED', object: anObject('b', 10) });
  send(scene, {
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
  });
  await passUntilAsked(scene, 4);
  assert.deepEqual(scene.asked(), ['list', 'watch from 9', 'list', 'watch from 9']);
  assert.deepEqual(scene.views.at(-1), ['a=5']);
  assert.deepEqual(scene.errors, []);
});

test('another error within a watch is reported', async (t) => {
  const scene = await startScene(t);
  send(scene, {
    type: 'ERROR',
    object: { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd' },
  });
  await waitFor('the error', () => scene.errors.length === 1);
  assert.match(scene.errors[0]?.message ?? '', /etcd/);
});

test('a list that is refused is tried again with growing waits', async (t) => {
  const scene = await startScene(t, { refusal: statusAnswer(500, 'InternalError') });
  await waitFor('the error', () => scene.errors.length === 1 && scene.clock.pendingTimers === 1);
  await scene.clock.advance(retryBackoff.initialMs);
  await waitFor('the second error', () => scene.errors.length === 2 && scene.clock.pendingTimers === 1);
  await scene.clock.advance(retryBackoff.initialMs / 2);
  assert.equal(scene.errors.length, 2, 'the second wait is longer than half of the first');
  scene.refusal = undefined;
  await scene.clock.advance(retryBackoff.initialMs * 2);
  await waitFor('the list', () => scene.views.length === 1);
});

test('a watch that was healthy starts the waits anew', async (t) => {
  const scene = await startScene(t);
  for (let round = 1; round <= 5; round += 1) {
    await scene.clock.advance(healthyWatchMs);
    currentWatch(scene).destroy();
    await waitFor('the error', () => scene.errors.length === round);
    await scene.clock.advance(retryBackoff.initialMs);
    await waitFor('the next watch', () => scene.watches.length === 1 + round);
  }
});

test('a watch that outlives its time is ended by the client', async (t) => {
  const scene = await startScene(t);
  await waitFor('the deadline', () => scene.clock.pendingTimers === 1);
  await scene.clock.advance((watchTimeoutSeconds + watchGraceSeconds) * 1000);
  await waitFor('the error', () => scene.errors.length === 1);
  await passUntilAsked(scene, 3);
});

test('an abort ends it quietly, wherever it is', async (t) => {
  const watching = await startScene(t);
  watching.controller.abort();
  await watching.done;
  assert.deepEqual(watching.errors, []);
  const waiting = await startScene(t, { refusal: statusAnswer(500, 'InternalError') });
  await waitFor('the wait', () => waiting.clock.pendingTimers === 1 && waiting.errors.length === 1);
  waiting.controller.abort();
  await waiting.done;
  assert.equal(watching.clock.pendingTimers + waiting.clock.pendingTimers, 0);
});
