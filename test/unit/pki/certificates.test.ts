import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import {
  authorityLifetimeMs,
  clockSkewMs,
  createAuthority,
  issueLeaf,
  type Authority,
} from '../../../src/pki/certificates.ts';

const nowMs = Date.UTC(2026, 5, 1);
const hourMs = 3_600_000;

let made: Promise<Authority> | undefined;
function anAuthority(): Promise<Authority> {
  made ??= createAuthority({ commonName: 'tp authority of demo', nowMs });
  return made;
}

test('createAuthority() makes a self-signed authority with its key', async () => {
  const authority = await anAuthority();
  const certificate = new X509Certificate(authority.certificate);
  assert.equal(certificate.subject, 'CN=tp authority of demo');
  assert.equal(certificate.ca, true);
  assert.ok(certificate.checkIssued(certificate));
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(authority.key)));
  assert.equal(Date.parse(certificate.validFrom), nowMs - clockSkewMs);
  assert.equal(Date.parse(certificate.validTo), nowMs + authorityLifetimeMs);
});

test('issueLeaf() makes a leaf that the authority signed', async () => {
  const authority = await anAuthority();
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: 'tp-agent.demo',
    subjectAltNames: ['tp-agent.demo'],
    lifetimeMs: hourMs,
    nowMs,
  });
  const certificate = new X509Certificate(leaf.certificate);
  const issuer = new X509Certificate(authority.certificate);
  assert.equal(certificate.ca, false);
  assert.ok(certificate.checkIssued(issuer));
  assert.ok(certificate.verify(issuer.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(leaf.key)));
  assert.equal(certificate.checkHost('tp-agent.demo'), 'tp-agent.demo');
  assert.equal(certificate.checkHost('tp-agent.other'), undefined);
  assert.equal(leaf.notAfterMs, nowMs + hourMs);
  assert.equal(Date.parse(certificate.validTo), leaf.notAfterMs);
});

test('extended key usage says which end the leaf is for', async () => {
  const authority = await anAuthority();
  const usages = await Promise.all(
    (['agent', 'client'] as const).map(async (usage) => {
      const options = { usage, commonName: 'x', subjectAltNames: [], lifetimeMs: hourMs, nowMs };
      return new X509Certificate((await issueLeaf(authority, options)).certificate).keyUsage;
    }),
  );
  assert.deepEqual(usages, [['1.3.6.1.5.5.7.3.1'], ['1.3.6.1.5.5.7.3.2']]);
});

test('a leaf ends with its authority at the latest', async () => {
  const authority = await createAuthority({ commonName: 'short', nowMs, lifetimeMs: hourMs });
  const options = { usage: 'client', commonName: 'x', subjectAltNames: [], nowMs } as const;
  const leaf = await issueLeaf(authority, { ...options, lifetimeMs: 2 * hourMs });
  assert.equal(leaf.notAfterMs, nowMs + hourMs);
});

test('a common name may hold any text, and is cut to 64 characters', async () => {
  const authority = await anAuthority();
  const options = { usage: 'client', subjectAltNames: [], lifetimeMs: hourMs, nowMs } as const;
  const leaf = await issueLeaf(authority, { ...options, commonName: 'zoë@läptop' });
  assert.equal(new X509Certificate(leaf.certificate).subject, 'CN=zoë@läptop');
  const long = await issueLeaf(authority, { ...options, commonName: '😀'.repeat(65) });
  assert.equal(new X509Certificate(long.certificate).subject, `CN=${'😀'.repeat(64)}`);
});

test('serial numbers are 128 random bits, positive and in shortest form', async () => {
  const authority = await anAuthority();
  const options = {
    usage: 'client',
    commonName: 'x',
    subjectAltNames: [],
    lifetimeMs: hourMs,
    nowMs,
  } as const;
  const leafs = await Promise.all([issueLeaf(authority, options), issueLeaf(authority, options)]);
  const serials = leafs.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
  for (const serial of serials) assert.match(serial, /^[89A-F][0-9A-F]{31}$/);
  assert.notEqual(serials[0], serials[1]);
});
