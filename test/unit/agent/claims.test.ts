import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLAIM_LIMIT, ClaimTable } from '../../../agent/claims.ts';
import type { Rule } from '../../../src/contract/index.ts';
import { isToolError } from '../../../src/errors/index.ts';
import type { AgentSession } from '../../../src/tunnel/index.ts';
import { raises } from '../../support/assert-raises.ts';

const http = { protocol: 'TCP', appPort: 8080 } as const;
const dns = { protocol: 'UDP', appPort: 8080 } as const;

function session(name: string): AgentSession {
  return { client: { sessionId: name, name, version: '0' } } as unknown as AgentSession;
}

test('a claim belongs to its session until it is released', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  assert.equal(claims.find(http)?.session, alice);
  assert.equal(claims.find(dns), undefined, 'the same number of another protocol is another port');
  assert.equal(claims.release(alice, 'i1'), 0);
  assert.equal(claims.find(http), undefined);
});

test('a port that somebody holds is refused with the holder, and nothing is claimed', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  claims.claim(session('alice'), { interceptId: 'i1', ports: [http] });
  assert.throws(
    () => {
      claims.claim(session('bob'), { interceptId: 'i2', ports: [dns, http] });
    },
    (error) => isToolError(error, 'INTERCEPT_HELD') && error.details['holder'] === 'alice',
  );
  assert.equal(claims.find(dns), undefined);
});

test('the same session may claim again after it reconnected', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  assert.equal(claims.list().length, 1);
});

test('a port that the agent does not stand in front of is refused', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  assert.throws(
    () => {
      claims.claim(session('alice'), { interceptId: 'i1', ports: [{ protocol: 'TCP', appPort: 9 }] });
    },
    (error) => isToolError(error, 'PORT_NOT_FOUND') && error.message.includes('8080'),
  );
});

test('the end of a session frees all its ports', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  claims.claim(alice, { interceptId: 'i2', ports: [dns] });
  claims.endSession(alice);
  assert.deepEqual(claims.list(), []);
});

test('release() counts the connections that are still open, and may be asked again', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  const claim = claims.find(http);
  assert.ok(claim);
  claim.openConnections = 2;
  assert.equal(claims.release(alice, 'i1'), 2);
  claim.openConnections = 1;
  assert.equal(claims.release(alice, 'i1'), 1);
  claim.openConnections = 0;
  assert.equal(claims.release(alice, 'i1'), 0);
});

test('release() of somebody else does nothing', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  claims.release(session('bob'), 'i1');
  assert.equal(claims.find(http)?.session, alice);
});

test('a claim that is made again for the same intercept stays the same one', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  const first = claims.find(http);
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  assert.equal(claims.find(http), first);
  claims.claim(alice, { interceptId: 'i2', ports: [http] });
  assert.notEqual(claims.find(http), first);
  assert.equal(first?.ended.aborted, true);
});

test('a claim ends before its connections are counted, so that those with nothing in flight can leave', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  const claim = claims.find(http);
  assert.ok(claim !== undefined);
  claim.openConnections = 3;
  claim.ended.addEventListener('abort', () => {
    assert.equal(claims.find(http), undefined);
    claim.openConnections -= 1;
  });
  assert.equal(claims.release(alice, 'i1'), 2);
  claim.openConnections -= 1;
  assert.equal(claims.release(alice, 'i1'), 1, 'asked again');
});

test('the end of a session ends its claims', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, { interceptId: 'i1', ports: [http] });
  const claim = claims.find(http);
  claims.endSession(alice);
  assert.equal(claim?.ended.aborted, true);
});

describe('claims with rules', () => {
  const key = (value: string): Rule => ({ kind: 'key', value });

  test('stand beside each other and beside the one that takes the rest, in their order', () => {
    const claims = new ClaimTable('deploy/web', [http]);
    const [alice, bob, carol] = [session('alice'), session('bob'), session('carol')];
    claims.claim(alice, { interceptId: 'i1', ports: [http], sinceMs: 1 });
    claims.claim(bob, { interceptId: 'i2', ports: [http], rule: key('bob'), sinceMs: 3 });
    claims.claim(carol, { interceptId: 'i3', ports: [http], rule: key('car'), sinceMs: 2 });
    assert.deepEqual(
      claims.list().map(({ holder }) => holder),
      ['carol', 'bob', 'alice'],
    );
    assert.equal(claims.find(http)?.session, alice);
    assert.deepEqual(claims.list()[0]?.rule, key('car'));
  });

  test('one that could never get a request is refused with the holder and the rule', () => {
    const claims = new ClaimTable('deploy/web', [http]);
    const alice = session('alice');
    claims.claim(alice, { interceptId: 'i1', ports: [http], rule: key('dev') });
    assert.throws(
      () => {
        claims.claim(session('bob'), { interceptId: 'i2', ports: [http], rule: key('dev'), sinceMs: 9 });
      },
      raises('INTERCEPT_HELD', /by alice \(key dev\)/),
    );
    assert.equal(claims.list().length, 1);
  });

  test('the same session may hold several, and one that says the same takes the place of the other', () => {
    const claims = new ClaimTable('deploy/web', [http]);
    const alice = session('alice');
    claims.claim(alice, { interceptId: 'i1', ports: [http], rule: key('a') });
    const [first] = claims.claimsOn(http);
    claims.claim(alice, { interceptId: 'i2', ports: [http], rule: key('b') });
    assert.equal(claims.claimsOn(http).length, 2);
    claims.claim(alice, { interceptId: 'i3', ports: [http], rule: key('a') });
    assert.equal(first?.ended.aborted, true);
    assert.deepEqual(
      claims
        .list()
        .map(({ interceptId }) => interceptId)
        .sort(),
      ['i2', 'i3'],
    );
  });

  test('the list of a port stays the same object until it changes', () => {
    const claims = new ClaimTable('deploy/web', [http]);
    const alice = session('alice');
    claims.claim(alice, { interceptId: 'i1', ports: [http], rule: key('a') });
    const before = claims.claimsOn(http);
    claims.claim(alice, { interceptId: 'i1', ports: [http], rule: key('a') });
    assert.equal(claims.claimsOn(http), before);
    claims.release(alice, 'i1');
    assert.notEqual(claims.claimsOn(http), before);
    assert.equal(claims.claimsOn(http), claims.claimsOn(dns));
  });

  test('a rule for UDP, and an expression that RE2 does not have, are refused before anything is claimed', () => {
    const claims = new ClaimTable('deploy/web', [http, dns]);
    const path: Rule = { kind: 'path', value: { kind: 'regex', text: '(?=a)' } };
    assert.throws(() => {
      claims.claim(session('alice'), { interceptId: 'i1', ports: [http, dns], rule: key('a') });
    }, raises('RULE_NOT_HTTP'));
    assert.throws(() => {
      claims.claim(session('alice'), { interceptId: 'i1', ports: [http], rule: path });
    }, raises('RULE_INVALID'));
    assert.deepEqual(claims.list(), []);
  });

  test('one more than the limit is refused', () => {
    const claims = new ClaimTable('deploy/web', [http]);
    for (let index = 0; index < CLAIM_LIMIT; index += 1)
      claims.claim(session('alice'), { interceptId: `i${index}`, ports: [http], rule: key(`k${index}`) });
    assert.throws(() => {
      claims.claim(session('bob'), { interceptId: 'more', ports: [http], rule: key('more') });
    }, raises('INTERCEPT_HELD'));
  });
});
