import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  agentLifetimeMs,
  authorityLifetimeMs,
  createAuthority,
  issueLeaf,
} from '../../../src/pki/certificates.ts';
import { planCertificates, type StoredCertificates } from '../../../src/pki/plan.ts';

const nowMs = Date.UTC(2026, 5, 1);
const agentName = 'tp-agent.demo';
const dayMs = 24 * 3_600_000;
const nothing: StoredCertificates = {
  authorityBundle: undefined,
  authorityKey: undefined,
  agentCertificate: undefined,
  agentKey: undefined,
  agentBundle: undefined,
};

let fresh: StoredCertificates;

/** What one renewal at `madeMs` leaves in the Secrets. */
async function store(madeMs: number): Promise<StoredCertificates> {
  const authority = await createAuthority({ commonName: 'tp authority of demo', nowMs: madeMs });
  const agent = await issueLeaf(authority, {
    usage: 'agent',
    commonName: agentName,
    subjectAltNames: [agentName],
    lifetimeMs: agentLifetimeMs,
    nowMs: madeMs,
  });
  return {
    authorityBundle: authority.certificate,
    authorityKey: authority.key,
    agentCertificate: agent.certificate,
    agentKey: agent.key,
    agentBundle: authority.certificate,
  };
}

before(async () => {
  fresh = await store(nowMs);
});

test('makes everything when nothing is stored', () => {
  const plan = planCertificates(nothing, { agentName, nowMs });
  assert.deepEqual(plan, { renewsAuthority: true, renewsAgent: true, trusted: [] });
});

test('keeps what is fresh', () => {
  const plan = planCertificates(fresh, { agentName, nowMs });
  assert.deepEqual(plan, { renewsAuthority: false, renewsAgent: false, trusted: [fresh.authorityBundle] });
});

test('renews the agent with a third of its lifetime left', () => {
  const before = planCertificates(fresh, { agentName, nowMs: nowMs + (agentLifetimeMs * 2) / 3 - dayMs });
  const after = planCertificates(fresh, { agentName, nowMs: nowMs + (agentLifetimeMs * 2) / 3 + dayMs });
  assert.equal(before.renewsAgent, false);
  assert.deepEqual(after, { renewsAuthority: false, renewsAgent: true, trusted: [fresh.authorityBundle] });
});

test('renews the authority with a third of its lifetime left, and goes on trusting the old one', () => {
  const before = planCertificates(fresh, { agentName, nowMs: nowMs + (authorityLifetimeMs * 2) / 3 - dayMs });
  const after = planCertificates(fresh, { agentName, nowMs: nowMs + (authorityLifetimeMs * 2) / 3 + dayMs });
  assert.equal(before.renewsAuthority, false);
  assert.deepEqual(after, { renewsAuthority: true, renewsAgent: true, trusted: [fresh.authorityBundle] });
});

test('drops an authority that has expired', () => {
  const plan = planCertificates(fresh, { agentName, nowMs: nowMs + authorityLifetimeMs + dayMs });
  assert.deepEqual(plan, { renewsAuthority: true, renewsAgent: true, trusted: [] });
});

test('drops a former authority when the leafs from its time have expired', async () => {
  const former = await store(nowMs - dayMs);
  const bundle = `${fresh.authorityBundle ?? ''}${former.authorityBundle ?? ''}`;
  const rotated = { ...fresh, authorityBundle: bundle, agentBundle: bundle };
  const during = planCertificates(rotated, { agentName, nowMs: nowMs + dayMs });
  assert.deepEqual(during, {
    renewsAuthority: false,
    renewsAgent: false,
    trusted: [fresh.authorityBundle, former.authorityBundle],
  });
  const later = planCertificates(rotated, { agentName, nowMs: nowMs + agentLifetimeMs + dayMs });
  assert.deepEqual(later.trusted, [fresh.authorityBundle]);
  assert.equal(later.renewsAgent, true);
});

test('renews the authority when its key is missing, broken or another', async () => {
  const other = await store(nowMs);
  for (const authorityKey of [undefined, 'nonsense', other.authorityKey]) {
    const plan = planCertificates({ ...fresh, authorityKey }, { agentName, nowMs });
    assert.deepEqual(plan, { renewsAuthority: true, renewsAgent: true, trusted: [fresh.authorityBundle] });
  }
});

test('renews the authority when what is stored is a leaf', () => {
  const stored = { ...fresh, authorityBundle: fresh.agentCertificate, authorityKey: fresh.agentKey };
  assert.equal(planCertificates(stored, { agentName, nowMs }).renewsAuthority, true);
});

test('renews the agent when its Secret does not fit', async () => {
  const other = await store(nowMs);
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const misfits: Partial<StoredCertificates>[] = [
    { agentCertificate: undefined },
    { agentCertificate: broken },
    { agentKey: other.agentKey },
    { agentCertificate: other.agentCertificate, agentKey: other.agentKey },
    { agentBundle: other.agentBundle },
    { agentBundle: undefined },
  ];
  for (const misfit of misfits) {
    const plan = planCertificates({ ...fresh, ...misfit }, { agentName, nowMs });
    assert.deepEqual(plan, { renewsAuthority: false, renewsAgent: true, trusted: [fresh.authorityBundle] });
  }
  assert.equal(planCertificates(fresh, { agentName: 'tp-agent.other', nowMs }).renewsAgent, true);
});
