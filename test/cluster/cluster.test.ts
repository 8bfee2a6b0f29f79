/** The cluster itself: what every other test takes for granted. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  Laptop,
  apply,
  clusterUnderTest,
  createNamespace,
  inPod,
  kubectl,
  kubectlJson,
  mustRun,
  startLoad,
  suiteOwner,
  waitFor,
} from './support.ts';

interface Answer {
  service: string;
  pod: string;
  path: string;
  calls?: Answer[];
}

describe('the cluster', () => {
  const owner = suiteOwner();
  let namespace = '';

  before(async () => {
    namespace = await createNamespace(owner, 'cluster');
    await apply(namespace, 'client', 'shop', 'headless', 'redis', 'postgres', 'nginx', 'udp', 'greeter');
  });

  const inClient = (...argv: string[]): Promise<string> => inPod(namespace, 'client', argv);
  const get = async (url: string): Promise<Answer> =>
    JSON.parse(
      await inClient('curl', '--silent', '--show-error', '--fail', '--max-time', '5', url),
    ) as Answer;
  const field = async (kind: string, name: string, path: string): Promise<string> =>
    kubectl(['get', kind, name, `--output=jsonpath={${path}}`], { namespace });

  describe('names', () => {
    const dig = async (...query: string[]): Promise<string[]> => {
      const answer = await inClient('dig', '+short', '+search', '+timeout=2', ...query);
      return answer.split('\n').filter(Boolean).sort();
    };
    const addresses = async (label: string): Promise<string[]> => {
      const { items } = await kubectlJson<{ items: { status: { podIP: string } }[] }>(
        ['get', 'pods', `--selector=app=${label}`],
        namespace,
      );
      return items.map(({ status }) => status.podIP).sort();
    };

    test('a Service has its cluster address, by short and by full name, over UDP and TCP', async () => {
      const expected = [await field('service', 'web', '.spec.clusterIP')];
      assert.deepEqual(await dig('web'), expected);
      assert.deepEqual(await dig(`web.${namespace}`), expected);
      assert.deepEqual(await dig(`web.${namespace}.svc.cluster.local`), expected);
      assert.deepEqual(await dig('+tcp', 'web'), expected);
    });

    test('a headless Service has the addresses of its pods', async () => {
      assert.deepEqual(await dig('web-direct'), await addresses('web-direct'));
    });

    test('a pod of a StatefulSet has a name of its own', async () => {
      assert.deepEqual(await dig(`redis-1.redis-pods.${namespace}.svc.cluster.local`), [
        await field('pod', 'redis-1', '.status.podIP'),
      ]);
    });

    test('SRV gives the port of a named port', async () => {
      const records = await dig('-t', 'SRV', `_redis._tcp.redis-pods.${namespace}.svc.cluster.local`);
      assert.deepEqual(
        records.map((record) => record.split(' ').slice(2)),
        [0, 1].map((n) => ['6379', `redis-${n}.redis-pods.${namespace}.svc.cluster.local.`]),
      );
    });

    test('PTR gives the name of an address', async () => {
      assert.deepEqual(await dig('-x', await field('service', 'web', '.spec.clusterIP')), [
        `web.${namespace}.svc.cluster.local.`,
      ]);
    });

    test('a name that does not exist is answered at once, inside and outside the cluster', async () => {
      for (const name of [`missing.${namespace}.svc.cluster.local`, 'missing.example.com'])
        assert.match(await inClient('dig', '+timeout=1', '+tries=1', name), /status: NXDOMAIN/);
    });
  });

  test('Services of every form reach their pods', async () => {
    const expected = {
      'http://web/': 'web',
      'http://catalog/': 'catalog',
      'http://orders/': 'orders',
      'http://nginx/': 'nginx',
      'http://web-direct:8080/': 'web-direct',
      'http://catalog-direct:8080/': 'catalog',
    };
    for (const [url, service] of Object.entries(expected)) assert.equal((await get(url)).service, service);
  });

  test('the shop works through all its services', async () => {
    const { calls = [] } = await get('http://web/checkout');
    assert.deepEqual(
      calls.map(({ service, path }) => [service, path]),
      [
        ['catalog', '/items'],
        ['orders', '/new'],
      ],
    );
    assert.equal(calls[1]?.calls?.[0]?.path, '/price');
  });

  test('Redis, PostgreSQL, UDP and a server that speaks first answer their clients', async () => {
    assert.equal((await inClient('redis-cli', '-h', 'redis', 'PING')).trim(), 'PONG');
    assert.equal(
      (await inClient('psql', '-h', 'postgres', '-U', 'postgres', '-Atc', 'SELECT 6 * 7')).trim(),
      '42',
    );
    assert.match(await inClient('sh', '-c', 'echo hello | nc -u -w1 udp-echo 9000'), /^udp-echo-\S+ hello$/m);
    assert.match(await inClient('sh', '-c', 'nc -w1 greeter 25 </dev/null'), /^220 greeter/);
  });

  test('a pod reaches the API server at its Service', async () => {
    const certificate = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
    const url = 'https://kubernetes.default.svc/version';
    const text = await inClient(
      'curl',
      '--silent',
      '--show-error',
      '--max-time',
      '5',
      '--cacert',
      certificate,
      url,
    );
    const version = JSON.parse(text) as object;
    assert.ok('gitVersion' in version);
  });

  test('a missing image is known within seconds', { timeout: 30_000 }, async () => {
    const missing = ['run', 'missing', '--image=docker.io/tp/missing:dev', '--restart=Never'];
    await kubectl(missing, { namespace });
    await waitFor('ErrImagePull', async () => {
      const reason = await field('pod', 'missing', '.status.containerStatuses[0].state.waiting.reason');
      return reason === 'ErrImagePull' || reason === 'ImagePullBackOff';
    });
    await kubectl(['delete', 'pod', 'missing', '--wait=false'], { namespace });
  });

  test('restarting the shop under load loses no request', { timeout: 120_000 }, async (t) => {
    const load = await startLoad(t, namespace, {
      url: 'http://web/',
      newPerSecond: 100,
      keptPerSecond: 100,
    });
    await kubectl(['rollout', 'restart', 'deployment/web'], { namespace });
    await kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'], { namespace });
    await load.mark('after');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const report = await load.stop();
    assert.deepEqual(report.failures, []);
    assert.equal(report.sent, report.answered);
    const afterwards = report.phases.at(-1);
    assert.equal(afterwards?.name, 'after');
    assert.ok(afterwards.answered > 150, `${afterwards.answered} requests in one second`);
  });

  describe('the laptop', { skip: process.env['TP_TEST_LAPTOP'] === undefined && 'external cluster' }, () => {
    /** Tries to connect; a way that is blocked shows as a time-out or as no route. */
    const reaches = async (laptop: Laptop, host: string, port: number): Promise<boolean> => {
      const script = `require('node:net').connect(${port}, '${host}', () => process.exit(0)).on('error', () => process.exit(1));
        setTimeout(() => process.exit(1), 1_000);`;
      return (await laptop.run([process.execPath, '--eval', script])).code === 0;
    };
    /** Every kind of address that must stay out of its reach. */
    const forbidden = async (): Promise<[string, number][]> => [
      [await field('service', 'web', '.spec.clusterIP'), 80],
      [await field('pod', 'redis-0', '.status.podIP'), 6379],
      ['198.18.128.1', 443], // the API server as a Service
      ['198.18.128.10', 53], // DNS
      ['198.18.0.2', 6443], // the API server at the node's other address
      ['198.18.0.2', 10250], // kubelet
      ['198.18.1.1', 10250],
      ['198.18.0.1', 8099], // the host
    ];

    test('runs kubectl, with exec', async (t) => {
      const laptop = await Laptop.create(t);
      const result = await laptop.run([
        'kubectl',
        '--namespace',
        namespace,
        'exec',
        'client',
        '--',
        'echo',
        'yes',
      ]);
      assert.equal(result.stdout, 'yes\n', result.stderr);
    });

    test('reaches the API server and nothing else, even with a route', async (t) => {
      const laptop = await Laptop.create(t);
      const unreachable = async (): Promise<void> => {
        assert.equal(await reaches(laptop, '198.18.1.1', 6443), true);
        const results = await Promise.all(
          (await forbidden()).map(
            async ([host, port]) => (await reaches(laptop, host, port)) && `${host}:${port}`,
          ),
        );
        assert.deepEqual(results.filter(Boolean), []);
      };
      await unreachable();
      const { laptop: prefix, node = [] } = clusterUnderTest();
      await mustRun([...prefix, 'ip', 'route', 'add', 'default', 'via', '198.18.1.1']);
      try {
        await unreachable();
      } finally {
        await mustRun([...prefix, 'ip', 'route', 'del', 'default']);
      }
      // The same addresses answer elsewhere: the test would notice a cluster that is simply down.
      const web = await field('service', 'web', '.spec.clusterIP');
      assert.match(await mustRun([...node, 'curl', '--silent', '--noproxy', '*', `http://${web}/`]), /"web"/);
    });
  });
});
