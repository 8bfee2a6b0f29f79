import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClaimTable } from '../../../agent/claims.ts';
import { isToolError } from '../../../src/errors/index.ts';
import type { AgentSession } from '../../../src/tunnel/index.ts';

const http = { protocol: 'TCP', appPort: 8080 } as const;
const dns = { protocol: 'UDP', appPort: 8080 } as const;

function session(name: string): AgentSession {
  return { client: { sessionId: name, name, version: '0' } } as unknown as AgentSession;
}

test('a claim belongs to its session until it is released', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
  assert.equal(claims.find(http)?.session, alice);
  assert.equal(claims.find(dns), undefined, 'the same number of another protocol is another port');
  assert.equal(claims.release(alice, 'i1'), 0);
  assert.equal(claims.find(http), undefined);
});

test('a port that somebody holds is refused with the holder, and nothing is claimed', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  claims.claim(session('alice'), 'i1', [http]);
  assert.throws(
    () => {
      claims.claim(session('bob'), 'i2', [dns, http]);
    },
    (error) => isToolError(error, 'INTERCEPT_HELD') && error.details['holder'] === 'alice',
  );
  assert.equal(claims.find(dns), undefined);
});

test('the same session may claim again after it reconnected', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
  claims.claim(alice, 'i1', [http]);
  assert.equal(claims.list().length, 1);
});

test('a port that the agent does not stand in front of is refused', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  assert.throws(
    () => {
      claims.claim(session('alice'), 'i1', [{ protocol: 'TCP', appPort: 9 }]);
    },
    (error) => isToolError(error, 'PORT_NOT_FOUND') && error.message.includes('8080'),
  );
});

test('the end of a session frees all its ports', () => {
  const claims = new ClaimTable('deploy/web', [http, dns]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
  claims.claim(alice, 'i2', [dns]);
  claims.endSession(alice);
  assert.deepEqual(claims.list(), []);
});

test('release() counts the connections that are still open, and may be asked again', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
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
  claims.claim(alice, 'i1', [http]);
  claims.release(session('bob'), 'i1');
  assert.equal(claims.find(http)?.session, alice);
});

test('a claim that is made again for the same intercept stays the same one', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
  const first = claims.find(http);
  claims.claim(alice, 'i1', [http]);
  assert.equal(claims.find(http), first);
  claims.claim(alice, 'i2', [http]);
  assert.notEqual(claims.find(http), first);
  assert.equal(first?.ended.aborted, true);
});

test('a claim ends before its connections are counted, so that those with nothing in flight can leave', () => {
  const claims = new ClaimTable('deploy/web', [http]);
  const alice = session('alice');
  claims.claim(alice, 'i1', [http]);
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
  claims.claim(alice, 'i1', [http]);
  const claim = claims.find(http);
  claims.endSession(alice);
  assert.equal(claim?.ended.aborted, true);
});
