/** src/kube against a real API server and kubelet: what the fake ones of test/integration/kube cannot prove. */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test, type TestContext } from 'node:test';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { isToolError, type ToolError } from '../../src/errors/index.ts';
import { ensureCertificates } from '../../src/intercepts/certificates.ts';
import {
  createKubeClient,
  kubeStatus,
  paths,
  type KubeClient,
  type Right,
  type V1ConfigMap,
} from '../../src/kube/index.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { clusterUnderTest, createNamespace, kubectl, kubectlJson, suiteOwner, waitFor } from './support.ts';

const echoPort = 9001;
const goodbyePort = 9002;
const closedPort = 9003;

/** What runs in the pod: an echo, and a server that says goodbye. */
const podProgram = `
const { createServer } = require('node:net');
createServer({ allowHalfOpen: true }, (s) => s.on('error', () => {}).pipe(s)).listen(${echoPort}, '127.0.0.1');
createServer((s) => s.on('error', () => {}).end('goodbye')).listen(${goodbyePort}, '127.0.0.1', () => console.log('listening'));`;

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'peer' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'peer',
        image: 'docker.io/tp/client:dev',
        imagePullPolicy: 'IfNotPresent',
        command: ['node', '--eval', podProgram],
        readinessProbe: {
          exec: { command: ['nc', '-z', '127.0.0.1', String(goodbyePort)] },
          periodSeconds: 1,
        },
      },
    ],
  },
};

interface KubeconfigJson {
  users: { user: object }[];
}

describe('the Kubernetes client', () => {
  const owner = suiteOwner();
  const { signal } = new AbortController();
  // All requests of the file listen to it.
  setMaxListeners(0, signal);
  let namespace = '';
  let kube: KubeClient;

  before(async () => {
    namespace = await createNamespace(owner, 'kube');
    kube = await createClient(clusterUnderTest().kubeconfig);
    await kube.create(paths.pods(namespace), pod, { signal });
    await kubectl(['wait', '--for=condition=Ready', 'pod/peer', '--timeout=60s'], { namespace });
  });
  after(() => kube.close());

  function createClient(kubeconfig: string): Promise<KubeClient> {
    return createKubeClient({
      kubeconfigPaths: [kubeconfig],
      namespace,
      logger: nullLogger,
      clock: systemClock,
    });
  }

  function open(port: number, name = 'peer'): Promise<Duplex> {
    return kube.portForward({ namespace, pod: name, port }, { signal });
  }

  /** A client for a user who has no rights but those that `allow` gives. */
  async function createLimitedClient(t: TestContext): Promise<KubeClient> {
    const config = await kubectlJson<KubeconfigJson>(['config', 'view', '--raw', '--minify']);
    for (const { user } of config.users) Object.assign(user, { as: `limited-${namespace}` });
    const path = join(await createTemporaryFolder(t), 'config');
    await writeFile(path, JSON.stringify(config));
    const client = await createClient(path);
    t.after(() => client.close());
    return client;
  }

  async function allow(name: string, verb: string, resource: string): Promise<void> {
    await kubectl(['create', 'role', name, `--verb=${verb}`, `--resource=${resource}`], { namespace });
    await kubectl(['create', 'rolebinding', name, `--role=${name}`, `--user=limited-${namespace}`], {
      namespace,
    });
  }

  test('speaks with a server of a supported version', async () => {
    const { major, minor, gitVersion } = await kube.version({ signal });
    assert.equal(major, 1);
    assert.ok(minor >= 20, gitVersion);
  });

  test('bytes pass a port-forward unchanged, both ways at once', async () => {
    const stream = await open(echoPort);
    const block = Buffer.from(Array.from({ length: 65_521 }, (_, index) => index % 253));
    const blocks = 400;
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let receivedBytes = 0;
    stream.on('data', (chunk: Buffer) => {
      received.update(chunk);
      receivedBytes += chunk.length;
    });
    for (let index = 0; index < blocks; index += 1) {
      sent.update(block);
      if (!stream.write(block)) await once(stream, 'drain');
    }
    await waitFor('all bytes', () => Promise.resolve(receivedBytes === blocks * block.length));
    assert.equal(received.digest('hex'), sent.digest('hex'));
    stream.destroy();
  });

  test('the end of the connection in the pod is the end of the stream', async () => {
    const stream = await open(goodbyePort);
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(stream, 'end');
    assert.equal(text, 'goodbye');
  });

  test('a port where nobody listens is CHANNEL_REFUSED', async () => {
    await assert.rejects(
      open(closedPort).then((stream) => once(stream, 'data')),
      (error) => isToolError(error, 'CHANNEL_REFUSED') && error.message.includes('connection refused'),
    );
  });

  test('a pod that does not exist is 404', async () => {
    await assert.rejects(open(echoPort, 'nobody'), (error) => kubeStatus(error)?.status === 404);
  });

  test('missing rights are named, and a port-forward over WebSocket needs "get"', async (t) => {
    const limited = await createLimitedClient(t);
    const portForward: Right = { verb: 'get', group: '', resource: 'pods/portforward', namespace };
    const rights: Right[] = [
      portForward,
      { verb: 'list', group: 'apps', resource: 'deployments', namespace },
    ];
    assert.deepEqual(await limited.missingRights(rights, { signal }), rights);
    const isForbidden = (error: unknown): boolean =>
      isToolError(error, 'KUBE_FORBIDDEN') &&
      error.message.includes(`"get pods/portforward" in namespace "${namespace}"`);
    const target = { namespace, pod: 'peer', port: goodbyePort };
    await assert.rejects(limited.portForward(target, { signal }), isForbidden);
    await allow('forward', 'get,create', 'pods/portforward');
    await waitFor('the right', async () => (await limited.missingRights(rights, { signal })).length === 1);
    assert.deepEqual(await limited.missingRights(rights, { signal }), rights.slice(1));
    (await limited.portForward(target, { signal })).destroy();
  });

  test('failures keep the status and reason of the API server', async () => {
    const name = 'status';
    await kube.create(paths.configMaps(namespace), { metadata: { name } }, { signal });
    const statusOf = async (work: Promise<unknown>): Promise<(number | string | undefined)[]> => {
      const error = await work.then(
        () => assert.fail('it succeeded'),
        (reason: unknown) => reason,
      );
      return [kubeStatus(error)?.status, kubeStatus(error)?.kubeReason];
    };
    const create = (body: object): Promise<unknown> =>
      kube.create(paths.configMaps(namespace), body, { signal });
    assert.deepEqual(await statusOf(create({ metadata: { name } })), [409, 'AlreadyExists']);
    assert.deepEqual(await statusOf(create({ metadata: { name: 'No Name' } })), [422, 'Invalid']);
    const stale = { metadata: { name, resourceVersion: '1' } };
    const replaced = kube.replace(paths.configMaps(namespace, name), stale, { signal });
    assert.deepEqual(await statusOf(replaced), [409, 'Conflict']);
    const preconditions = { uid: '00000000-0000-0000-0000-000000000000' };
    const deleted = kube.delete(paths.configMaps(namespace, name), { preconditions, signal });
    assert.deepEqual(await statusOf(deleted), [409, 'Conflict']);
    await kube.delete(paths.configMaps(namespace, name), { signal });
    await kube.delete(paths.configMaps(namespace, name), { signal });
    const lost = kube.create(paths.configMaps('no-such-namespace'), { metadata: { name } }, { signal });
    await assert.rejects(lost, (error) => isToolError(error, 'NAMESPACE_NOT_FOUND'));
  });

  test('server-side apply names the manager whose field it would take', async () => {
    const path = paths.configMaps(namespace, 'applied');
    const apply = (value: string, fieldManager: string, force = false): Promise<V1ConfigMap> =>
      kube.patch(
        path,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { key: value } },
        { type: 'apply', fieldManager, force, signal },
      );
    await apply('one', 'argocd');
    await assert.rejects(apply('two', 'tp'), (error) => {
      const [cause] = kubeStatus(error)?.causes ?? [];
      assert.ok(isToolError(error, 'KUBE_CONFLICT'));
      assert.equal(cause?.field, '.data.key');
      assert.match(cause.message, /argocd/);
      return true;
    });
    assert.equal((await apply('two', 'tp', true)).data?.['key'], 'two');
  });

  test('getText() reads a log', async () => {
    const path = paths.podSubresource(namespace, 'peer', 'log');
    assert.equal(await kube.getText(path, { query: { tailLines: 1 }, signal }), 'listening\n');
  });

  test('follow() sees what comes, changes and goes', async (t) => {
    const controller = new AbortController();
    t.after(() => controller.abort());
    let view: string[] = [];
    const errors: ToolError[] = [];
    const done = kube.follow<V1ConfigMap>(paths.configMaps(namespace), {
      labelSelector: 'followed=yes',
      signal: controller.signal,
      onChange: (items) => (view = [...items].map(([name, { data }]) => `${name}=${data?.['key'] ?? ''}`)),
      onError: (error) => errors.push(error),
    });
    const expectView = (expected: string[]): Promise<true> =>
      waitFor(`the view ${expected.join()}`, () => Promise.resolve(view.join() === expected.join()));
    const metadata = { name: 'followed', labels: { followed: 'yes' } };
    await kube.create(paths.configMaps(namespace), { metadata, data: { key: '1' } }, { signal });
    await expectView(['followed=1']);
    await kube.patch(
      paths.configMaps(namespace, 'followed'),
      { data: { key: '2' } },
      { type: 'merge', signal },
    );
    await expectView(['followed=2']);
    await kube.delete(paths.configMaps(namespace, 'followed'), { signal });
    await expectView([]);
    controller.abort();
    await done;
    assert.deepEqual(errors, []);
  });

  test('two people who connect at once share the certificates of the namespace', async () => {
    const ensure = (): ReturnType<typeof ensureCertificates> =>
      ensureCertificates(kube, namespace, { clock: systemClock, signal });
    const [ann, bob] = await Promise.all([ensure(), ensure()]);
    assert.deepEqual(ann, bob);
    assert.deepEqual(await ensure(), ann);
  });
});
