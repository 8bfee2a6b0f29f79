/**
 * src/intercepts against a real API server, controllers and kubelet: that everything it changes comes back byte for byte,
 * that others' changes and rights are respected, and that what cannot work is told and undone.
 */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, beforeEach, describe, test } from 'node:test';
import type { Redirect, UninstallResult } from '../../src/contract/index.ts';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import {
  choosePorts,
  diagnose,
  ensureAgent,
  ensureGateway,
  listWorkloads,
  removeGateway,
  resolveTarget,
  uninstall,
  watchInjection,
  type EnsuredAgent,
  type InjectionEvent,
} from '../../src/intercepts/index.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/index.ts';
import { raises } from '../support/assert-raises.ts';
import { renderRbac } from '../support/rbac-page.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import {
  apply,
  clusterUnderTest,
  createNamespace,
  inPod,
  kubectl,
  kubectlJson,
  leftovers,
  repositoryFile,
  suiteOwner,
  waitFor,
  waitUntilReady,
} from './support.ts';

interface LiveObject {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string>; ownerReferences?: unknown[] };
  spec: object;
}

/** What Kubernetes itself writes: counters of rollouts, the scheduler's choice. */
const kubernetesOwn = new Set([
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
  'nodeName',
]);

const recovery = {
  save: (): Promise<void> => Promise.resolve(),
  remove: (): Promise<void> => Promise.resolve(),
};
const { signal } = new AbortController();
// Many operations at once listen to it.
setMaxListeners(0, signal);

/** As `tp intercept NAME --port 8080:REMOTE` asks for it. */
interface Wish {
  name: string;
  remote?: string;
  redirect?: 'auto' | Redirect;
  image?: string;
  timeoutMs?: number;
  client?: KubeClient;
}

describe('injection', () => {
  const owner = suiteOwner();
  let kube: KubeClient;
  let namespace = '';

  before(async () => {
    kube = await clientOf(clusterUnderTest().kubeconfig);
    owner.after(() => {
      kube.close();
      return Promise.resolve();
    });
  });

  function clientOf(kubeconfig: string): Promise<KubeClient> {
    return createKubeClient({ kubeconfigPaths: [kubeconfig], logger: nullLogger, clock: systemClock });
  }

  async function inject({ name, remote, redirect = 'auto', ...more }: Wish): Promise<EnsuredAgent> {
    const { client = kube, image = clusterUnderTest().agentImage, timeoutMs = 180_000 } = more;
    const target = await resolveTarget(client, { namespace, name, signal });
    return ensureAgent(client, {
      target,
      ports: choosePorts({ target, remotes: [remote] }),
      redirect,
      image,
      timeoutMs,
      confirmed: true,
      recovery,
      clock: systemClock,
      logger: nullLogger,
      signal,
      onProgress: () => undefined,
    });
  }

  function remove(name?: string): Promise<UninstallResult> {
    return uninstall(kube, {
      namespace,
      name,
      timeoutMs: 180_000,
      confirmed: true,
      recovery,
      clock: systemClock,
      logger: nullLogger,
      signal,
      onProgress: () => undefined,
    });
  }

  /** What users wrote, as the API server encodes it: specs and annotations. */
  async function state(of: string = namespace): Promise<Record<string, string>> {
    const kinds = 'deployments,statefulsets,daemonsets,replicasets,pods,services';
    const { items } = await kubectlJson<{ items: LiveObject[] }>(['get', kinds], of);
    const found: Record<string, string> = {};
    for (const { kind, metadata, spec } of items) {
      if (metadata.ownerReferences !== undefined) continue;
      found[`${kind}/${metadata.name}`] = JSON.stringify(
        [spec, metadata.annotations],
        (key, value: unknown) => (kubernetesOwn.has(key) ? undefined : value),
      );
    }
    return found;
  }

  /** One pod shows as much of a StatefulSet as three, which end one after the other. */
  async function scaleDown(name: string): Promise<void> {
    await kubectl(['scale', 'statefulset', name, '--replicas=1'], { namespace });
    await waitUntilReady(namespace);
  }

  const ask = (url: string): Promise<string> =>
    inPod(namespace, 'client', ['curl', '--silent', '--show-error', '--fail', '--max-time', '10', url]);

  describe('of every kind of workload', () => {
    before(async () => {
      namespace = await createNamespace(owner, 'kinds');
      await apply(
        namespace,
        ...['client', 'shop', 'headless', 'pair', 'udp', 'environment'],
        ...['statefulset', 'daemonset', 'replicaset', 'pod'],
      );
      await scaleDown('cart');
    });

    const wishes: [Wish, Redirect, string | undefined][] = [
      [{ name: 'web' }, 'port-name', 'http://web'],
      [{ name: 'catalog' }, 'service', 'http://catalog'],
      [{ name: 'orders' }, 'service', 'http://orders'],
      [{ name: 'web-direct' }, 'nftables', 'http://web-direct:8080'],
      [{ name: 'catalog-direct' }, 'nftables', 'http://catalog-direct:8080'],
      [{ name: 'deploy/pair', remote: 'admin' }, 'service', 'http://pair-admin'],
      [{ name: 'udp-echo' }, 'service', undefined],
      [{ name: 'environment' }, 'port-name', 'http://environment'],
      [{ name: 'svc/cart' }, 'port-name', 'http://cart'],
      [{ name: 'beacon' }, 'port-name', 'http://beacon'],
      [{ name: 'relic' }, 'port-name', 'http://relic'],
      [{ name: 'loner' }, 'port-name', 'http://loner'],
    ];

    test('adds agents that pass traffic on, and takes them away byte for byte', async () => {
      const original = await state();
      const agents = await Promise.all(wishes.map(([wish]) => inject(wish)));
      assert.deepEqual(
        agents.map(({ ports }) => ports[0]?.redirect),
        wishes.map(([, redirect]) => redirect),
      );
      assert.ok(agents.every(({ restarted }) => restarted));
      for (const [, , url] of wishes) if (url !== undefined) assert.match(await ask(url), /"service"/);
      const states = await listWorkloads(kube, { namespace, signal });
      const unready = states.filter(({ agent, workload }) => agent !== 'ready' && workload !== 'pod/client');
      assert.deepEqual(unready, []);

      const again = await Promise.all(wishes.map(([wish]) => inject(wish)));
      assert.ok(
        again.every(({ restarted }) => !restarted),
        'a second time changes nothing',
      );

      const { removed } = await remove();
      assert.ok(removed.includes('svc/pair-admin') && removed.includes('pod/loner'), removed.join());
      assert.deepEqual(await state(), original);
      await waitUntilReady(namespace);
      assert.deepEqual(await leftovers(namespace), []);
      assert.deepEqual((await remove()).removed, []);
    });
  });

  describe('among other people', () => {
    before(async () => {
      namespace = await createNamespace(owner, 'others');
      await apply(namespace, 'client', 'shop');
    });
    beforeEach(() => remove());

    test('what they change meanwhile stays, and nothing else', async () => {
      const change = async (of: string): Promise<void> => {
        const patch = async (kind: string, part: object): Promise<string> =>
          kubectl(['patch', kind, 'catalog', `--patch=${JSON.stringify(part)}`], { namespace: of });
        await kubectl(['set', 'env', 'deployment/catalog', 'COLOR=red'], { namespace: of });
        await kubectl(['scale', 'deployment/catalog', '--replicas=1'], { namespace: of });
        await patch('deployment', { spec: { template: { metadata: { annotations: { team: 'a' } } } } });
        await patch('service', {
          spec: { sessionAffinity: 'ClientIP', ports: [{ port: 80, name: 'http' }] },
        });
        await patch('service', { spec: { ports: [{ port: 81, targetPort: 9090, name: 'more' }] } });
      };
      const untouched = await createNamespace(owner, 'others');
      await kubectl(['apply', `--filename=${repositoryFile('test/cluster/manifests/shop.yaml')}`], {
        namespace: untouched,
      });
      await change(untouched);
      await inject({ name: 'catalog', remote: '80' });
      await change(namespace);
      await remove('catalog');
      const [actual, expected] = [await state(), await state(untouched)];
      const normal = (text = ''): string =>
        text.replaceAll(namespace, untouched).replaceAll(/"clusterIPs?":[^,]*,/g, '');
      for (const key of ['Deployment/catalog', 'Service/catalog', 'Deployment/orders'])
        assert.equal(normal(actual[key]), normal(expected[key]));
    });

    test('a targetPort that somebody applies is left alone', async () => {
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'orders' },
        spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }], selector: { app: 'orders' } },
      };
      const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=argocd', '--filename=-'];
      await kubectl(args, { namespace, input: JSON.stringify(service) });
      const before = await state();
      await assert.rejects(
        inject({ name: 'orders', redirect: 'service' }),
        raises('FIELD_MANAGED_ELSEWHERE', /targetPort of port 80 of svc\/orders: it is managed by "argocd"/),
      );
      assert.deepEqual(await state(), before);
      const { ports } = await inject({ name: 'orders' });
      assert.equal(ports[0]?.redirect, 'nftables');
      assert.match(ports[0].reason, /managed by "argocd"/);
      assert.equal((await state())['Service/orders'], before['Service/orders']);
      assert.match(await ask('http://orders'), /"orders"/);
    });

    test('when somebody puts the template back, the Service follows before its pods are gone', async () => {
      const { workload } = await inject({ name: 'catalog', remote: '80' });
      const events: InjectionEvent[] = [];
      const end = new AbortController();
      const watching = watchInjection(kube, {
        workload,
        clock: systemClock,
        logger: nullLogger,
        signal: end.signal,
        onEvent: (event) => events.push(event),
      });
      const containers = { op: 'remove', path: '/spec/template/spec/containers/1' };
      await kubectl(
        ['patch', 'deployment', 'catalog', '--type=json', `--patch=${JSON.stringify([containers])}`],
        { namespace },
      );
      await watching;
      assert.deepEqual(events, [{ kind: 'agent-removed', workload: 'deploy/catalog', isDeleted: false }]);
      const target = '--output=jsonpath={.spec.ports[?(@.port==80)].targetPort}';
      assert.equal(await kubectl(['get', 'service', 'catalog', target], { namespace }), '8080');
      end.abort();
    });
  });

  describe('that cannot work', () => {
    before(async () => {
      namespace = await createNamespace(owner, 'refused');
      await apply(namespace, 'shop', 'statefulset');
      await scaleDown('cart');
    });

    /** Nothing may have changed when it fails, or everything must be undone. */
    async function fails(wish: Wish, expected: (error: unknown) => true): Promise<void> {
      const original = await state();
      await assert.rejects(inject(wish), expected);
      assert.deepEqual(await state(), original);
    }

    test('a quota refuses it beforehand', async (t) => {
      await kubectl(['create', 'quota', 'tight', '--hard=pods=6'], { namespace });
      t.after(() => kubectl(['delete', 'quota', 'tight'], { namespace }));
      await waitFor(
        'the quota to be counted',
        async () =>
          (await kubectl(['get', 'quota', 'tight', '--output=jsonpath={.status.used.pods}'], {
            namespace,
          })) === '6',
      );
      await fails(
        { name: 'web' },
        raises('POD_REFUSED', /deploy\/web with an agent: .*exceeded quota: tight/),
      );
    });

    test('a LimitRange refuses it beforehand', async (t) => {
      const range = {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'small' },
        spec: { limits: [{ type: 'Container', max: { memory: '128Mi' } }] },
      };
      await kubectl(['create', '--filename=-'], { namespace, input: JSON.stringify(range) });
      t.after(() => kubectl(['delete', 'limitrange', 'small'], { namespace }));
      await fails({ name: 'web' }, raises('POD_REFUSED', /maximum memory usage per Container is 128Mi/));
      const report = await diagnose(kube, { namespace, name: 'web', image: 'agent:1', signal });
      assert.match(report.ports[0]?.choices[0]?.reason ?? '', /the cluster refuses its pods: .*128Mi/);
    });

    test('an image that does not come is told at once and undone', async () => {
      const startedMs = Date.now();
      await fails(
        { name: 'web', image: 'docker.io/tp/no-such:1' },
        raises('IMAGE_NOT_PULLABLE', /"docker.io\/tp\/no-such:1" for deploy\/web: .*the change was undone/),
      );
      assert.ok(Date.now() - startedMs < 60_000, 'long before the time-out');
      await waitUntilReady(namespace);
    });

    test('a StatefulSet that was broken by it comes back by itself', async () => {
      await fails(
        { name: 'sts/cart', image: 'docker.io/tp/no-such:1' },
        raises('IMAGE_NOT_PULLABLE', /undone/),
      );
      await waitUntilReady(namespace);
    });

    test('a program that is no agent is told with its exit code', async () => {
      await fails(
        { name: 'web', image: 'docker.io/tp/shop:dev' },
        raises('ROLLOUT_FAILED', /container tp-agent: .*; the change was undone/),
      );
    });

    test('a rollout that takes too long is undone', async () => {
      const slow = {
        spec: {
          template: {
            spec: { containers: [{ name: 'orders', readinessProbe: { initialDelaySeconds: 60 } }] },
          },
        },
      };
      await waitUntilReady(namespace);
      await kubectl(['patch', 'deployment', 'orders', `--patch=${JSON.stringify({ ...slow })}`], {
        namespace,
      });
      await fails(
        { name: 'orders', timeoutMs: 8000 },
        raises('ROLLOUT_TIMEOUT', /longer than 8 s: .*waits for .*; the change was undone/),
      );
    });

    test('a paused rollout, no replicas and the node network are refused', async () => {
      await kubectl(['rollout', 'pause', 'deployment/catalog'], { namespace });
      await fails({ name: 'catalog' }, raises('TARGET_UNSUPPORTED', /paused/));
      await kubectl(['rollout', 'resume', 'deployment/catalog'], { namespace });
      await kubectl(['scale', 'deployment/catalog', '--replicas=0'], { namespace });
      await fails({ name: 'catalog' }, raises('TARGET_UNSUPPORTED', /scaled to 0/));
    });
  });

  describe('with few rights', () => {
    let guest: KubeClient;

    /** Gives the ServiceAccount `guest` the rights of this Role, and no others. */
    async function allow(role: string): Promise<void> {
      await kubectl(['apply', '--filename=-'], { namespace, input: role });
    }

    before(async () => {
      namespace = await createNamespace(owner, 'rights');
      await apply(namespace, 'client', 'shop', 'replicaset');
      await kubectl(['create', 'serviceaccount', 'guest'], { namespace });
      await kubectl(
        ['create', 'rolebinding', 'guest', '--role=tp-developer', `--serviceaccount=${namespace}:guest`],
        { namespace },
      );
      const folder = await createTemporaryFolder(owner);
      const kubeconfig = join(folder, 'guest.json');
      await writeFile(kubeconfig, await guestKubeconfig(namespace));
      guest = await clientOf(kubeconfig);
      owner.after(() => {
        guest.close();
        return Promise.resolve();
      });
    });

    test('each right that is missing is named, and nothing was changed', async () => {
      const resources = ['pods', 'services', 'deployments'];
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'tp-developer' },
        rules: [{ apiGroups: ['', 'apps'], resources, verbs: ['get', 'list'] }],
      };
      await allow(JSON.stringify(role));
      const original = await state();
      const expected =
        /intercept deploy\/catalog: .*"get secrets\/tp-ca".*"create pods\/portforward".*"patch deployments.apps".*"watch endpoints".*"patch services"/;
      await assert.rejects(inject({ name: 'catalog', client: guest }), raises('KUBE_FORBIDDEN', expected));
      assert.deepEqual(await state(), original);
      const target = await resolveTarget(guest, { namespace, name: 'nothing', signal }).catch(
        (error: unknown) => error,
      );
      assert.match(String(target), /not looked at are statefulsets, daemonsets, replicasets/);
    });

    test('the Role in docs/RBAC.md is enough for everything', async () => {
      const [, role = ''] = /```yaml\n(.*?)```/s.exec(renderRbac()) ?? [];
      await allow(role);
      const report = await diagnose(guest, {
        namespace,
        name: 'catalog',
        image: clusterUnderTest().agentImage,
        signal,
      });
      assert.deepEqual(report.missingRights, []);
      await inject({ name: 'catalog', client: guest });
      await inject({ name: 'relic', client: guest });
      const options = {
        namespace,
        clock: systemClock,
        logger: nullLogger,
        signal,
        onProgress: (): void => undefined,
      };
      await ensureGateway(guest, { ...options, image: clusterUnderTest().agentImage, timeoutMs: 60_000 });
      const { removed } = await uninstall(guest, {
        ...options,
        timeoutMs: 180_000,
        confirmed: true,
        recovery,
      });
      assert.deepEqual([...removed].sort(), [
        'deploy/catalog',
        'pod/tp-gateway',
        'rs/relic',
        'secret/tp-agent-tls',
        'secret/tp-ca',
        'svc/catalog',
      ]);
      await waitFor('the gateway and what it owned to be gone', async () => {
        const left = await leftovers(namespace);
        // The Role itself is called like something of ours.
        return left.every((name) => name === 'Role/tp-developer' || name === 'RoleBinding/guest');
      });
    });
  });

  describe('of a gateway', () => {
    before(async () => {
      namespace = await createNamespace(owner, 'gateway');
    });

    const ensure = (image = clusterUnderTest().agentImage): Promise<{ pod: string }> =>
      ensureGateway(kube, {
        namespace,
        image,
        timeoutMs: 120_000,
        clock: systemClock,
        logger: nullLogger,
        signal,
        onProgress: () => undefined,
      });

    test('two people at once get one, with the right to delete itself and no other', async () => {
      await Promise.all([ensure(), ensure()]);
      const can = async (...action: string[]): Promise<string> =>
        kubectl(['auth', 'can-i', ...action, `--as=system:serviceaccount:${namespace}:tp-gateway`], {
          namespace,
        }).catch(() => 'no');
      assert.match(await can('delete', 'pods/tp-gateway'), /yes/);
      assert.match(await can('delete', 'pods/other'), /no/);
      assert.match(await can('get', 'secrets'), /no/);
    });

    test('with the pod goes all that belongs to it', async () => {
      await ensure();
      assert.equal(await removeGateway(kube, { namespace, signal }), true);
      const objects = 'pods,serviceaccounts,roles,rolebindings';
      await waitFor('the objects of the gateway to be gone', async () => {
        const { items } = await kubectlJson<{ items: LiveObject[] }>(['get', objects], namespace);
        return items.every(({ metadata: { name } }) => name !== 'tp-gateway');
      });
      await ensure();
    });

    test('an image that does not come is told, and no pod stays', async () => {
      await removeGateway(kube, { namespace, signal });
      await assert.rejects(
        ensure('docker.io/tp/no-such:1'),
        raises('IMAGE_NOT_PULLABLE', /for pod\/tp-gateway/),
      );
      await waitFor('the pod to be gone', async () => {
        const { items } = await kubectlJson<{ items: LiveObject[] }>(['get', 'pods'], namespace);
        return items.length === 0;
      });
    });
  });
});

/** The administrator's kubeconfig with the token of the ServiceAccount `guest` instead. */
async function guestKubeconfig(namespace: string): Promise<string> {
  const token = await waitFor('the token of the ServiceAccount', async () => {
    const name = await kubectl(['get', 'serviceaccount', 'guest', '--output=jsonpath={.secrets[0].name}'], {
      namespace,
    });
    return kubectl(['get', 'secret', name, '--output=jsonpath={.data.token}'], { namespace });
  });
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--flatten', '--output=json'])) as {
    users: object[];
    contexts: { context: { user: string } }[];
  };
  config.users = [{ name: 'guest', user: { token: Buffer.from(token, 'base64').toString() } }];
  for (const { context } of config.contexts) context.user = 'guest';
  return JSON.stringify(config);
}
