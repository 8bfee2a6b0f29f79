/** The client certificate of one connection: issued from the namespace's authority, renewed in time for the same key. */
import type { Clock } from '../core/index.ts';
import { ensureCertificates } from '../intercepts/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { clientLifetimeMs, issueLeaf } from '../pki/index.ts';
import type { TunnelCredentials } from '../tunnel/index.ts';

/** A certificate with less than this left is not used for a new tunnel. */
const RENEW_BEFORE_MS: number = clientLifetimeMs / 3;

export interface CredentialSourceOptions {
  kube: KubeClient;
  /** Goes into the certificate as its common name: a label for people. */
  clientName: string;
  /** The private key in PEM, asked for once. Agents let only its holder continue what it opened. */
  loadKey: () => Promise<string>;
  clock: Clock;
}

export interface CredentialSource {
  /** Makes sure that the namespace has its authority and agents' certificate, renewed where it is time. */
  ensure(options: { signal: AbortSignal }): Promise<void>;
  /** A certificate that is good for a new tunnel. */
  current(options: { signal: AbortSignal }): Promise<TunnelCredentials>;
}

interface Issued {
  credentials: TunnelCredentials;
  notAfterMs: number;
}

export function createCredentialSource({
  kube,
  clientName,
  loadKey,
  clock,
}: CredentialSourceOptions): CredentialSource {
  let issued: Issued | undefined;
  let key: Promise<string> | undefined;

  async function issue(signal: AbortSignal): Promise<Issued> {
    const { authority, trusted, agentName } = await ensureCertificates(kube, kube.namespace, {
      clock,
      signal,
    });
    key ??= loadKey();
    const clientKey = await key;
    const { certificate, notAfterMs } = await issueLeaf(authority, {
      usage: 'client',
      commonName: clientName,
      subjectAltNames: [],
      lifetimeMs: clientLifetimeMs,
      nowMs: clock.epochMs(),
      key: clientKey,
    });
    return {
      credentials: { authority: trusted, certificate, key: clientKey, serverName: agentName },
      notAfterMs,
    };
  }

  return {
    async ensure({ signal }): Promise<void> {
      issued = await issue(signal);
    },
    async current({ signal }): Promise<TunnelCredentials> {
      if (issued === undefined || issued.notAfterMs - clock.epochMs() < RENEW_BEFORE_MS)
        issued = await issue(signal);
      return issued.credentials;
    },
  };
}
