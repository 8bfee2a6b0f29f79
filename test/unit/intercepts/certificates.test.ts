import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError, isToolError } from '../../../src/errors/index.ts';
import { ensureCertificates, type SecretCalls } from '../../../src/intercepts/certificates.ts';
import type { V1Secret } from '../../../src/kube/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();
const yearMs = 365 * 24 * 3_600_000;

function statusError(status: number, kubeReason: string): Error {
  const details = { action: 'write', reason: kubeReason, status, kubeReason, causes: [] };
  return createError('KUBE_REQUEST_FAILED', details);
}

/** The Secrets of one namespace, with the API server's rules for creating and replacing. */
class FakeSecrets implements SecretCalls {
  readonly secrets = new Map<string, V1Secret>();
  writes: string[] = [];
  #version = 0;

  find<T>(path: string): Promise<T | undefined> {
    return Promise.resolve(structuredClone(this.secrets.get(path)) as T | undefined);
  }

  create<T>(path: string, body: object): Promise<T> {
    const secret = body as V1Secret;
    return this.#store(
      `${path}/${secret.metadata?.name ?? ''}`,
      secret,
      (old) => old === undefined,
      'AlreadyExists',
    );
  }

  replace<T>(path: string, body: object): Promise<T> {
    const secret = body as V1Secret;
    const version = secret.metadata?.resourceVersion;
    return this.#store(path, secret, (old) => old?.metadata?.resourceVersion === version, 'Conflict');
  }

  #store<T>(path: string, secret: V1Secret, fits: (old?: V1Secret) => boolean, refusal: string): Promise<T> {
    if (!fits(this.secrets.get(path))) return Promise.reject(statusError(409, refusal));
    this.#version += 1;
    const stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(this.#version) } };
    this.secrets.set(path, structuredClone(stored));
    this.writes.push(path);
    return Promise.resolve(stored as T);
  }
}

const authorityPath = '/api/v1/namespaces/demo/secrets/tp-ca';
const agentPath = '/api/v1/namespaces/demo/secrets/tp-agent-tls';

function decode(secret: V1Secret | undefined, field: string): string {
  return Buffer.from(secret?.data?.[field] ?? '', 'base64').toString();
}

test('makes both Secrets in an empty namespace, then only reads them', async () => {
  const kube = new FakeSecrets();
  const clock = createFakeClock();
  const first = await ensureCertificates(kube, 'demo', { clock, signal });
  assert.deepEqual(kube.writes, [authorityPath, agentPath]);
  assert.equal(first.agentName, 'tp-agent.demo');
  assert.equal(first.trusted, first.authority.certificate);
  const authority = kube.secrets.get(authorityPath);
  const agent = kube.secrets.get(agentPath);
  assert.equal(authority?.type, 'Opaque');
  assert.deepEqual(authority.metadata?.labels, { 'app.kubernetes.io/managed-by': 'tp' });
  assert.equal(agent?.type, 'kubernetes.io/tls');
  assert.deepEqual(Object.keys(agent.data ?? {}), ['tls.crt', 'tls.key', 'ca.crt']);
  assert.equal(decode(agent, 'ca.crt'), first.trusted);
  assert.deepEqual(await ensureCertificates(kube, 'demo', { clock, signal }), first);
  assert.equal(kube.writes.length, 2);
});

test('two people at once end with the same authority', async () => {
  const kube = new FakeSecrets();
  const clock = createFakeClock();
  const [ann, bob] = await Promise.all([
    ensureCertificates(kube, 'demo', { clock, signal }),
    ensureCertificates(kube, 'demo', { clock, signal }),
  ]);
  assert.deepEqual(ann, bob);
  assert.equal(kube.writes.filter((path) => path === authorityPath).length, 1);
  assert.equal(decode(kube.secrets.get(agentPath), 'ca.crt'), ann.trusted);
});

test('renews the agent before it expires and keeps the authority', async () => {
  const kube = new FakeSecrets();
  const clock = createFakeClock();
  const first = await ensureCertificates(kube, 'demo', { clock, signal });
  await clock.advance(0.7 * yearMs);
  assert.deepEqual(await ensureCertificates(kube, 'demo', { clock, signal }), first);
  assert.deepEqual(kube.writes, [authorityPath, agentPath, agentPath]);
});

test('renews the authority before it expires and goes on trusting the old one', async () => {
  const kube = new FakeSecrets();
  const clock = createFakeClock();
  const first = await ensureCertificates(kube, 'demo', { clock, signal });
  await clock.advance(7 * yearMs);
  const second = await ensureCertificates(kube, 'demo', { clock, signal });
  assert.notEqual(second.authority.certificate, first.authority.certificate);
  assert.equal(second.trusted, second.authority.certificate + first.authority.certificate);
  assert.equal(decode(kube.secrets.get(authorityPath), 'ca.crt'), second.trusted);
  assert.equal(decode(kube.secrets.get(agentPath), 'ca.crt'), second.trusted);
});

test('leaves a Secret alone that something else made', async () => {
  const kube = new FakeSecrets();
  kube.secrets.set(authorityPath, { metadata: { name: 'tp-ca', resourceVersion: '1' }, data: {} });
  await assert.rejects(ensureCertificates(kube, 'demo', { clock: createFakeClock(), signal }), (error) =>
    isToolError(error, 'SECRET_FOREIGN'),
  );
  assert.deepEqual(kube.writes, []);
});

test('gives up when others are faster again and again', async () => {
  const kube = new FakeSecrets();
  const refusing: SecretCalls = {
    find: (path: string) => kube.find(path),
    create: () => Promise.reject(statusError(409, 'AlreadyExists')),
    replace: () => Promise.reject(statusError(409, 'Conflict')),
  };
  await assert.rejects(
    ensureCertificates(refusing, 'demo', { clock: createFakeClock(), signal }),
    /AlreadyExists/,
  );
});
