/** The life of pods; runs in namespaces of its own, see test/integration/sandbox/node.test.ts. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isReady, startNodeRig } from '../sandbox-node-rig.ts';

const rig = await startNodeRig();
after(() => rig.close());
const { createPod, awaitObject, awaitGone, exec, logs, objects } = rig;
const namespace = 'default';
/** Ends at SIGTERM, as process 1 only does if it says so. */
const forever = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'];

const eventsOf = (pod: string): string[] =>
  objects
    .list('events')
    .filter(({ involvedObject }) => involvedObject.name === pod)
    .map(({ reason = '' }) => reason);

test('a pod becomes ready, with an address, a host name and a root of its own', async () => {
  await createPod('plain', { containers: [{ name: 'app', image: 'machine', command: forever }] });
  const pod = await awaitObject('pods', 'plain', isReady);
  assert.equal(pod.status?.phase, 'Running');
  assert.equal(pod.spec?.nodeName, 'sandbox');
  const [status] = pod.status.containerStatuses ?? [];
  assert.equal(status?.started, true);
  assert.match(status.containerID ?? '', /^sandbox:\/\/[0-9a-f]{64}$/);
  const script = 'hostname; cat /proc/1/comm; echo mine >/etc/mine; ls /root /home; ip -4 -o addr show eth0';
  const { exitCode, stdout } = await exec('plain', ['sh', '-c', script]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^plain\nsh\n/);
  assert.ok(stdout.includes(pod.status.podIP ?? 'none'));
  assert.deepEqual(
    ['Scheduled', 'Pulled', 'Created', 'Started'].filter((reason) => !eventsOf('plain').includes(reason)),
    [],
  );
});

test('exec passes input, both outputs and the exit status', async () => {
  const { Readable } = await import('node:stream');
  const script = 'cat; echo complaint >&2; exit 7';
  const result = await exec('plain', ['sh', '-c', script], Readable.from([Buffer.from('given')]));
  assert.deepEqual(result, { exitCode: 7, stdout: 'given', stderr: 'complaint\n' });
  await assert.rejects(exec('plain', ['no-such-program']), /executable file not found/);
});

test('init containers run in turn, a sidecar starts before the others and ends after them', async () => {
  const mark = (name: string): string[] => ['sh', '-c', `echo ${name} >>/shared/order`];
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const sidecar = 'echo sidecar >>/shared/order; trap "exit 0" TERM; sleep 1000 & wait';
  await createPod('staged', {
    restartPolicy: 'Never',
    volumes: [{ name: 'shared', emptyDir: {} }],
    initContainers: [
      { name: 'first', image: 'machine', command: mark('first'), volumeMounts },
      {
        name: 'proxy',
        image: 'machine',
        restartPolicy: 'Always',
        command: ['sh', '-c', sidecar],
        volumeMounts,
        startupProbe: { exec: { command: ['grep', 'sidecar', '/shared/order'] }, periodSeconds: 1 },
      },
      { name: 'last', image: 'machine', command: mark('last'), volumeMounts },
    ],
    containers: [
      {
        name: 'app',
        image: 'machine',
        command: ['sh', '-c', 'echo app >>/shared/order; cat /shared/order'],
        volumeMounts,
      },
    ],
  });
  const pod = await awaitObject('pods', 'staged', ({ status }) => status?.phase === 'Succeeded');
  assert.equal(await logs('staged', 'app'), 'first\nsidecar\nlast\napp\n');
  assert.equal(pod.status?.initContainerStatuses?.[1]?.state?.terminated?.exitCode, 0);
  assert.equal(pod.status.conditions?.find(({ type }) => type === 'Ready')?.reason, 'PodCompleted');
});

test('a container that crashes starts again, then backs off, and its log before is there', async () => {
  await createPod('crashing', {
    containers: [{ name: 'app', image: 'machine', command: ['sh', '-c', 'echo last words; exit 3'] }],
  });
  const pod = await awaitObject('pods', 'crashing', ({ status }) => {
    return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
  });
  const [status] = pod.status?.containerStatuses ?? [];
  assert.equal(status?.restartCount, 1);
  assert.equal(status.lastState?.terminated?.exitCode, 3);
  assert.match(
    status.state?.waiting?.message ?? '',
    /^back-off 10s restarting failed container=app pod=crashing_default\(/,
  );
  assert.equal(await logs('crashing', 'app', { previous: true }), 'last words\n');
});

test('an unknown image is ImagePullBackOff, and names what to do', async () => {
  await createPod('imageless', { containers: [{ name: 'app', image: 'unknown:1' }] });
  const pod = await awaitObject('pods', 'imageless', ({ status }) => {
    return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff';
  });
  assert.match(
    pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? '',
    /tp sandbox load unknown:1=/,
  );
  assert.equal(pod.status?.phase, 'Pending');
});

test('a program that is not there is a StartError', async () => {
  await createPod('programless', {
    restartPolicy: 'Never',
    containers: [{ name: 'app', image: 'machine', command: ['no-such-program'] }],
  });
  const pod = await awaitObject('pods', 'programless', ({ status }) => status?.phase === 'Failed');
  assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'StartError');
});

test('environment and volumes come from all sources, and volumes follow their source', async () => {
  await objects.create('configmaps', {
    metadata: { name: 'settings', namespace },
    data: { color: 'red', 'a.txt': 'one' },
  });
  const password = Buffer.from('s3cret').toString('base64');
  await objects.create('secrets', { metadata: { name: 'keys', namespace }, data: { password } });
  await createPod(
    'configured',
    {
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        {
          name: 'all',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token', audience: 'shop' } },
              { secret: { name: 'keys', items: [{ key: 'password', path: 'deep/pw', mode: 0o400 }] } },
              { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
            ],
          },
        },
      ],
      containers: [
        {
          name: 'app',
          image: 'machine',
          command: forever,
          envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'CM_' }],
          env: [
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } },
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'BOTH', value: '$(POD)-$(PASSWORD)-$$(POD)' },
          ],
          volumeMounts: [
            { name: 'settings', mountPath: '/etc/tp/settings' },
            { name: 'all', mountPath: '/var/run/secrets/all' },
            { name: 'settings', mountPath: '/usr/share/one/a.txt', subPath: 'a.txt' },
          ],
        },
      ],
    },
    { tier: 'web' },
  );
  await awaitObject('pods', 'configured', isReady);
  const script =
    'echo $CM_color $BOTH; cat /var/run/secrets/all/token; echo; cat /var/run/secrets/all/deep/pw; echo; ' +
    'cat /var/run/secrets/all/labels; echo; cat /etc/tp/settings/a.txt /usr/share/one/a.txt; ls -l /var/run/secrets/all/deep/pw';
  const { stdout } = await exec('configured', ['sh', '-c', script]);
  assert.match(
    stdout,
    /^red configured-s3cret-\$\(POD\)\ntoken of default for shop\ns3cret\ntier="web"\noneone-r--------/,
  );
  await objects.change('configmaps', { namespace, name: 'settings' }, (copy) => ({
    ...copy,
    data: { 'a.txt': 'two' },
  }));
  const wait = 'until [ "$(cat /etc/tp/settings/a.txt)" = two ]; do sleep 0.05; done; ls /etc/tp/settings';
  assert.equal((await exec('configured', ['sh', '-c', wait])).stdout, 'a.txt\n');
});

test('what cannot be configured is a CreateContainerConfigError until it can', async () => {
  await createPod('waiting', {
    containers: [
      {
        name: 'app',
        image: 'machine',
        command: forever,
        env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'late', key: 'x' } } }],
      },
    ],
  });
  const pod = await awaitObject('pods', 'waiting', ({ status }) => {
    return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError';
  });
  assert.equal(pod.status?.containerStatuses?.[0]?.state?.waiting?.message, 'configmap "late" not found');
  await objects.create('configmaps', { metadata: { name: 'late', namespace }, data: { x: '1' } });
  await awaitObject('pods', 'waiting', isReady);
});

test('a user other than root has that number and no rights over the machine', async () => {
  await createPod('user', {
    securityContext: { runAsUser: 1234, runAsGroup: 4321, runAsNonRoot: true },
    volumes: [{ name: 'own', emptyDir: {} }],
    containers: [
      { name: 'app', image: 'machine', command: forever, volumeMounts: [{ name: 'own', mountPath: '/own' }] },
    ],
  });
  await awaitObject('pods', 'user', isReady);
  const script = 'id -u; id -g; touch /own/file && stat -c %u /own/file; grep CapEff /proc/self/status';
  const { stdout } = await exec('user', ['sh', '-c', script]);
  assert.equal(stdout, '1234\n4321\n1234\nCapEff:\t0000000000000000\n');
  await createPod('root', {
    securityContext: { runAsNonRoot: true },
    containers: [{ name: 'app', image: 'machine', command: forever }],
  });
  const pod = await awaitObject('pods', 'root', ({ status }) => {
    return status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError';
  });
  assert.match(
    pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? '',
    /^container has runAsNonRoot and image will run as root \(pod: "root_default\(/,
  );
});

test('a pod that is deleted runs its preStop hook, gets SIGTERM and goes, with all it had', async () => {
  const command = ['sh', '-c', 'trap "echo stopped; exit 0" TERM; sleep 1000 & wait'];
  await createPod('ending', {
    containers: [
      {
        name: 'app',
        image: 'machine',
        command,
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo hook >/proc/1/fd/1'] } } },
      },
    ],
  });
  await awaitObject('pods', 'ending', isReady);
  const follow = { follow: true, previous: false, timestamps: false };
  const reference = { namespace, pod: 'ending', container: 'app' };
  const stream = await rig.node.kubelet.logs(reference, follow, new AbortController().signal);
  await objects.delete('pods', { namespace, name: 'ending' });
  assert.equal(Buffer.concat(await stream.toArray()).toString(), 'hook\nstopped\n');
  await awaitGone('ending');
});

test('a pod that does not listen to SIGTERM is killed when its grace period is over', async () => {
  await createPod('stubborn', {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'app', image: 'machine', command: ['sh', '-c', 'trap "" TERM; sleep 1000'] }],
  });
  await awaitObject('pods', 'stubborn', isReady);
  await objects.delete('pods', { namespace, name: 'stubborn' });
  await awaitGone('stubborn');
});

test('probes decide: readiness gives traffic, liveness starts again', async () => {
  const program = `
    const http = require('node:http');
    http.createServer((request, response) => {
      response.statusCode = require('node:fs').existsSync('/tmp/sick') ? 500 : 200;
      response.end(request.headers['user-agent']);
    }).listen(8080);
    process.on('SIGTERM', () => process.exit(0));`;
  await createPod('probed', {
    containers: [
      {
        name: 'app',
        image: 'machine',
        command: [process.execPath, '-e', program],
        ports: [{ name: 'web', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 1, failureThreshold: 1 },
        livenessProbe: {
          exec: { command: ['test', '!', '-e', '/tmp/dead'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      },
    ],
  });
  await awaitObject('pods', 'probed', isReady);
  await exec('probed', ['touch', '/tmp/sick']);
  await awaitObject('pods', 'probed', (pod) => !isReady(pod));
  await exec('probed', ['rm', '/tmp/sick']);
  await awaitObject('pods', 'probed', isReady);
  await exec('probed', ['touch', '/tmp/dead']);
  const pod = await awaitObject(
    'pods',
    'probed',
    ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1,
  );
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 0);
  await awaitObject('pods', 'probed', isReady);
});

test('an ephemeral container joins the processes of its target', async () => {
  const debug = {
    name: 'debug',
    image: 'machine',
    command: ['sh', '-c', 'cat /proc/1/comm; exec sleep 1000'],
    targetContainerName: 'app',
  };
  await objects.change(
    'pods',
    { namespace, name: 'plain' },
    (copy) => ({
      ...copy,
      spec: { ...copy.spec, containers: copy.spec?.containers ?? [], ephemeralContainers: [debug] },
    }),
    { subresource: 'ephemeralcontainers' },
  );
  const pod = await awaitObject('pods', 'plain', ({ status }) => {
    return status?.ephemeralContainerStatuses?.[0]?.state?.running !== undefined;
  });
  assert.equal(pod.status?.phase, 'Running');
  const follow = { follow: true, previous: false, timestamps: false, limitBytes: 3 };
  const reference = { namespace, pod: 'plain', container: 'debug' };
  const stream = await rig.node.kubelet.logs(reference, follow, new AbortController().signal);
  assert.equal(Buffer.concat(await stream.toArray()).toString(), 'sh\n');
});

test('a terminal is one, with the size that it is given', async () => {
  const { PassThrough } = await import('node:stream');
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const running = rig.node.kubelet.exec(
    {
      namespace,
      pod: 'plain',
      container: 'app',
      tty: true,
      command: ['sh', '-c', 'until [ "$(stty size)" = "30 100" ]; do sleep 0.05; done; tty; exit 5'],
    },
    { stdin, stdout, terminal: { onResize: (listener) => listener(100, 30) } },
    new AbortController().signal,
  );
  const text = await stdout.toArray();
  assert.equal((await running).exitCode, 5);
  assert.match(Buffer.concat(text as Buffer[]).toString(), /\/dev\/pts\/\d+\r\n/);
});
