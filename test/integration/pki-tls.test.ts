/** The certificates of src/pki in Node's own TLS 1.3, both ends authenticated as the tunnel does it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority, issueLeaf, type Authority, type Leaf } from '../../src/pki/index.ts';

const agentName = 'tp-agent.demo';
const dayMs = 24 * 3_600_000;
const nowMs = Date.now();

let authority: Authority;
let agent: Leaf;
let client: Leaf;

function issue(from: Authority, usage: 'agent' | 'client', issuedMs = nowMs): Promise<Leaf> {
  const names = usage === 'agent' ? [agentName] : [];
  const options = {
    usage,
    commonName: 'ann@laptop',
    subjectAltNames: names,
    lifetimeMs: dayMs,
    nowMs: issuedMs,
  };
  return issueLeaf(from, options);
}

before(async () => {
  authority = await createAuthority({ commonName: 'tp authority of demo', nowMs });
  agent = await issue(authority, 'agent');
  client = await issue(authority, 'client');
});

interface Outcome {
  /** Error codes of each end; undefined where the handshake was accepted. */
  server: string | undefined;
  client: string | undefined;
  /** Common name that the server saw. */
  peer: string | undefined;
}

/** Connects once and tells what each end thinks of it. */
async function handshake(options: {
  authority?: Authority;
  agent?: Leaf;
  client?: Leaf;
  trusted?: string;
  name?: string;
}): Promise<Outcome> {
  const agentTrust = (options.authority ?? authority).certificate;
  const trusted = options.trusted ?? agentTrust;
  const serverLeaf = options.agent ?? agent;
  const clientLeaf = options.client ?? client;
  const outcome: Outcome = { server: undefined, client: undefined, peer: undefined };
  const server = createServer({
    cert: serverLeaf.certificate,
    key: serverLeaf.key,
    ca: agentTrust,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  });
  const accepted = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket: TLSSocket) => {
      outcome.peer = String(socket.getPeerCertificate().subject.CN);
      socket.end('welcome');
      resolve();
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      outcome.server = error.code ?? error.message;
      resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    servername: options.name ?? agentName,
    cert: clientLeaf.certificate,
    key: clientLeaf.key,
    ca: trusted,
    minVersion: 'TLSv1.3',
  });
  socket.on('error', (error: NodeJS.ErrnoException) => (outcome.client = error.code ?? error.message));
  socket.resume();
  await Promise.all([accepted, new Promise((resolve) => socket.on('close', resolve))]);
  server.close();
  return outcome;
}

test('agent and client accept each other, and the agent learns who the client is', async () => {
  assert.deepEqual(await handshake({}), { server: undefined, client: undefined, peer: 'ann@laptop' });
});

test('a client of another authority is refused', async () => {
  const other = await createAuthority({ commonName: 'tp authority of demo', nowMs });
  const outcome = await handshake({ client: await issue(other, 'client') });
  assert.equal(outcome.peer, undefined);
  assert.notEqual(outcome.server, undefined);
});

test('an agent of another authority is refused', async () => {
  const other = await createAuthority({ commonName: 'tp authority of demo', nowMs });
  const outcome = await handshake({ agent: await issue(other, 'agent') });
  assert.match(outcome.client ?? '', /UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE/);
});

test('an agent of a former authority is accepted while that is in the bundle', async () => {
  const successor = await createAuthority({ commonName: 'tp authority of demo', nowMs });
  const outcome = await handshake({ trusted: successor.certificate + authority.certificate });
  assert.equal(outcome.client, undefined);
});

test('expired certificates are refused on both ends', async () => {
  const old = await createAuthority({ commonName: 'tp authority of demo', nowMs: nowMs - 10 * dayMs });
  const fresh = { authority: old, agent: await issue(old, 'agent'), client: await issue(old, 'client') };
  const expiredClient = await handshake({ ...fresh, client: await issue(old, 'client', nowMs - 2 * dayMs) });
  assert.equal(expiredClient.peer, undefined);
  assert.notEqual(expiredClient.server, undefined);
  const expiredAgent = await handshake({ ...fresh, agent: await issue(old, 'agent', nowMs - 2 * dayMs) });
  assert.equal(expiredAgent.client, 'CERT_HAS_EXPIRED');
});

test("an agent's certificate is no client's, and a client's no agent's", async () => {
  const agentAsClient = await handshake({ client: agent });
  assert.equal(agentAsClient.peer, undefined);
  assert.notEqual(agentAsClient.server, undefined);
  const clientAsAgent = await handshake({ agent: client });
  assert.equal(clientAsAgent.client, 'INVALID_PURPOSE');
});

test("another namespace's agent name is refused", async () => {
  const outcome = await handshake({ name: 'tp-agent.other' });
  assert.equal(outcome.client, 'ERR_TLS_CERT_ALTNAME_INVALID');
});
