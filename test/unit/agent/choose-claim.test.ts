import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseClaim } from '../../../agent/choose-claim.ts';
import { ClaimTable, type HeldClaim } from '../../../agent/claims.ts';
import type { AgentSession } from '../../../src/tunnel/index.ts';
import { head } from '../../support/request-heads.ts';

const port = { protocol: 'TCP', appPort: 80 } as const;

function claimsOf(...keys: (string | undefined)[]): readonly HeldClaim[] {
  const table = new ClaimTable('deploy/web', [port]);
  for (const key of keys) {
    const name = key ?? 'rest';
    const session = { client: { sessionId: name, name, version: '0' } } as unknown as AgentSession;
    const rule = key === undefined ? undefined : ({ kind: 'key', value: key } as const);
    table.claim(session, { interceptId: name, ports: [port], rule });
  }
  return table.claimsOn(port);
}

const personal = claimsOf('alice', 'bob');
const all = claimsOf('alice', undefined);
const alice = head('/', 'x-tp-key: alice');
const probe = head('/', 'user-agent: kube-probe/1.36', 'x-tp-key: alice');

const cases: [what: string, options: Parameters<typeof chooseClaim>[0], expected: string | undefined][] = [
  ['the first that matches', { claims: personal, head: head('/', 'x-tp-key: bob'), hasProbes: false }, 'bob'],
  ['nobody: the application', { claims: personal, head: head('/'), hasProbes: false }, undefined],
  ['nobody, but somebody takes the rest', { claims: all, head: head('/'), hasProbes: false }, 'rest'],
  ['a rule before the rest', { claims: all, head: alice, hasProbes: false }, 'alice'],
  ['another protocol with rules only', { claims: personal, head: 'start-line', hasProbes: false }, undefined],
  ['another protocol', { claims: all, head: 'start-line', hasProbes: false }, 'rest'],
  ['a probe', { claims: all, head: probe, hasProbes: true }, undefined],
  ['what looks like a probe where none comes', { claims: all, head: probe, hasProbes: false }, 'alice'],
];
for (const [what, options, expected] of cases)
  test(what, () => {
    assert.equal(chooseClaim(options)?.interceptId, expected);
  });
