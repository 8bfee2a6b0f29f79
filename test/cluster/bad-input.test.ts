/** Whatever is wrong is said in one line with what to do, before anything is changed. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createAuthority, issueLeaf } from '../../src/pki/index.ts';
import { startLocalProcess, tpJson } from './main-job.ts';
import {
  Laptop,
  apply,
  createNamespace,
  kubectl,
  kubectlJson,
  suiteOwner,
  waitFor,
  type Owner,
} from './support.ts';

interface Versioned {
  kind: string;
  metadata: { name: string; generation?: number };
}

const POLICY_PROGRAM = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const tls = { cert: readFileSync('/policy/tls.crt'), key: readFileSync('/policy/tls.key') };
createServer(tls, async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { request: { uid, object } } = JSON.parse(body);
  const allowed = !JSON.stringify(object.spec).includes('NET_ADMIN');
  const status = allowed ? {} : { status: { code: 403, message: 'NET_ADMIN is not allowed here' } };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed, ...status } }));
}).listen(8443);
`;

await describe('bad input', async () => {
  const owner = suiteOwner();
  const namespace = await createNamespace(owner, 'bad');
  const laptop = await Laptop.create(owner);
  const inNamespace = ['--namespace', namespace];
  await apply(namespace, 'client', 'shop');

  /** What a change of any workload or Service would change. */
  async function generations(): Promise<string> {
    const { items } = await kubectlJson<{ items: (Versioned & { spec: object })[] }>(
      ['get', 'deployments,services'],
      namespace,
    );
    return JSON.stringify(items.map(({ kind, metadata, spec }) => [kind, metadata.name, spec]));
  }

  /** Runs `tp`, which must fail with `code` and one line that matches; nothing in the cluster may have changed. */
  async function fails(args: readonly string[], code: number, message: RegExp): Promise<string> {
    const before = await generations();
    const result = await laptop.runTp(args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr, /\n\s+at /, 'no stack trace');
    assert.equal(result.stdout, '');
    assert.equal(await generations(), before);
    return result.stderr;
  }

  await test('an unknown context names the known ones', async () => {
    await fails(['list', '--context', 'nowhere'], 3, /nowhere.*the kubeconfig has/);
  });

  await test('an invalid kubeconfig is named', async () => {
    const path = join(laptop.home, 'broken.yaml');
    await writeFile(path, '{');
    await fails(['list', '--kubeconfig', path], 3, /broken\.yaml/);
  });

  await test('an unknown service names similar ones', async () => {
    await fails(['intercept', 'cataloge', '--port', '8080', ...inNamespace], 5, /cataloge.*catalog/);
  });

  await test('an unknown port names the known ones', async () => {
    await fails(['intercept', 'web', '--port', '8080:99', ...inNamespace], 2, /99.*80/);
  });

  await test('an unknown namespace is named', async () => {
    await fails(['connect', '--namespace', 'no-such-namespace'], 5, /no-such-namespace/);
  });

  await test('a local port in use is named before anything is changed', async (t) => {
    await startLocalProcess(t, laptop, 18088);
    await fails(['intercept', 'web', '--port', '18088', ...inNamespace, '--', 'true'], 4, /18088/);
    await tpJson(laptop, ['connect', ...inNamespace]);
    await fails(['connect', ...inNamespace, '--forward', '18088:web:80'], 4, /18088/);
    await tpJson(laptop, ['quit']);
  });

  await test('an image that cannot be pulled is named, and the change is undone', async () => {
    const message = await fails(
      ['intercept', 'web', '--port', '8080', ...inNamespace, '--agent-image', 'docker.io/tp/no-such:1'],
      5,
      /docker\.io\/tp\/no-such:1/,
    );
    assert.match(message, /undone/);
  });

  await test('a quota that leaves no room for the agent is quoted', async (t) => {
    await kubectl(['create', 'quota', 'tight', '--hard=pods=6'], { namespace });
    t.after(() => kubectl(['delete', 'quota', 'tight'], { namespace }));
    await fails(['intercept', 'web', '--port', '8080', ...inNamespace], 5, /exceeded quota: tight/);
  });

  await test('a policy that refuses NET_ADMIN is quoted', async (t) => {
    await startPolicy(t, namespace);
    await fails(
      ['intercept', 'web', '--port', '8080', '--redirect', 'nftables', ...inNamespace],
      5,
      /NET_ADMIN is not allowed here/,
    );
    await tpJson(laptop, ['intercept', 'web', '--port', '8080', ...inNamespace]);
    await tpJson(laptop, ['uninstall', 'web', ...inNamespace]);
  });

  await test('each missing right is named', async () => {
    await kubectl(['create', 'serviceaccount', 'guest'], { namespace });
    await kubectl(
      ['create', 'role', 'guest', '--verb=get,list', '--resource=pods,services,deployments.apps'],
      {
        namespace,
      },
    );
    await kubectl(['create', 'rolebinding', 'guest', '--role=guest', `--serviceaccount=${namespace}:guest`], {
      namespace,
    });
    const kubeconfig = await guestKubeconfig(laptop, namespace);
    const message = await fails(
      ['intercept', 'web', '--port', '8080', ...inNamespace, '--kubeconfig', kubeconfig],
      5,
      /Not allowed to/,
    );
    for (const right of ['patch deployments', 'create pods/portforward', 'get secrets'])
      assert.ok(message.includes(right), `${right}: ${message}`);
  });
});

/** A kubeconfig with the token of the ServiceAccount `guest`. */
async function guestKubeconfig(laptop: Laptop, namespace: string): Promise<string> {
  const secret = (
    await kubectl(['get', 'serviceaccount', 'guest', '-o', 'jsonpath={.secrets[0].name}'], { namespace })
  ).trim();
  const token = Buffer.from(
    await kubectl(['get', 'secret', secret, '-o', 'jsonpath={.data.token}'], { namespace }),
    'base64',
  ).toString();
  const view = await laptop.run(['kubectl', 'config', 'view', '--raw', '--flatten', '-o', 'json']);
  const config = JSON.parse(view.stdout) as {
    users: object[];
    contexts: { context: { user: string } }[];
  };
  config.users = [{ name: 'guest', user: { token } }];
  for (const { context } of config.contexts) context.user = 'guest';
  const path = join(laptop.home, 'guest.json');
  await writeFile(path, JSON.stringify(config));
  return path;
}

/**
 * A policy engine in small, as Pod Security (which Kubernetes 1.20 does not have), Kyverno or Gatekeeper would act: an
 * admission webhook in a pod that refuses pods with NET_ADMIN.
 */
async function startPolicy(owner: Owner, namespace: string): Promise<void> {
  const name = `policy.${namespace}.svc`;
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: name, nowMs });
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: name,
    subjectAltNames: [name],
    lifetimeMs: 3_600_000,
    nowMs,
  });
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'policy' },
      stringData: { 'tls.crt': leaf.certificate, 'tls.key': leaf.key, 'policy.mjs': POLICY_PROGRAM },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'policy', labels: { app: 'policy' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'policy',
            image: 'docker.io/tp/client:dev',
            imagePullPolicy: 'IfNotPresent',
            command: ['node', '/policy/policy.mjs'],
            volumeMounts: [{ name: 'policy', mountPath: '/policy' }],
            readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
          },
        ],
        volumes: [{ name: 'policy', secret: { secretName: 'policy' } }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'policy' },
      spec: { selector: { app: 'policy' }, ports: [{ port: 443, targetPort: 8443 }] },
    },
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await kubectl(['apply', '--filename=-'], { namespace, input });
  await kubectl(['wait', '--for=condition=Ready', 'pod/policy', '--timeout=60s'], { namespace });
  owner.after(async () => {
    await kubectl(['delete', 'validatingwebhookconfiguration', namespace]);
    await kubectl(['delete', 'pod/policy', 'service/policy', 'secret/policy', '--wait=false'], { namespace });
  });
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: namespace },
    webhooks: [
      {
        name: 'policy.example.org',
        clientConfig: {
          service: { name: 'policy', namespace, port: 443 },
          caBundle: Buffer.from(authority.certificate).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { policy: 'strict' } },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Fail',
      },
    ],
  };
  await kubectl(['label', 'namespace', namespace, 'policy=strict']);
  await kubectl(['create', '--filename=-'], { input: JSON.stringify(webhook) });
  // The API server reaches it as soon as kube-proxy has heard of it.
  const harmless = [
    'run',
    'harmless',
    '--image=docker.io/tp/client:dev',
    '--dry-run=server',
    '--restart=Never',
  ];
  await waitFor('the policy to be asked', () => kubectl(harmless, { namespace }));
}
