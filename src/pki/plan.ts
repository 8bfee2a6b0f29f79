/**
 * Decides which certificates of a namespace have to be made: a pure function of what is stored and the time.
 *
 * Stored are an authority and the agents' certificate, both with a bundle of the authorities to trust: the current one
 * first, then older ones. A new authority signs from its first moment, while agents and clients may hold leafs of the
 * old one for up to {@link agentLifetimeMs}; until then the old one stays in the bundle.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { agentLifetimeMs } from './certificates.ts';

/** PEM texts of a namespace's Secrets; undefined where a Secret or its field is missing. */
export interface StoredCertificates {
  /** Current authority first, then those that are still trusted. */
  authorityBundle: string | undefined;
  authorityKey: string | undefined;
  agentCertificate: string | undefined;
  agentKey: string | undefined;
  /** What agents trust. */
  agentBundle: string | undefined;
}

export interface CertificatePlan {
  /** Make a new authority. Then the agents' certificate is renewed too. */
  renewsAuthority: boolean;
  /** Make a new certificate for the agents. */
  renewsAgent: boolean;
  /**
   * Authorities to trust besides a current one that is renewed, or to trust in all, the current one first, when it is
   * kept. PEM, one certificate each.
   */
  trusted: readonly string[];
}

/** What share of a lifetime is left when a certificate is renewed. */
export const renewalShare: number = 1 / 3;

/** Decides what to renew at `nowMs` (epoch milliseconds). Agents are to be known as `agentName`. */
export function planCertificates(
  stored: StoredCertificates,
  { agentName, nowMs }: { agentName: string; nowMs: number },
): CertificatePlan {
  const authorities = splitBundle(stored.authorityBundle ?? '');
  const [current] = authorities;
  const renewsAuthority =
    current === undefined || !hasKey(current, stored.authorityKey) || !current.ca || isDue(current, nowMs);
  const trusted = authorities
    .filter((authority, index) => isStillTrusted(authority, authorities[index - 1], nowMs))
    .map((authority) => authority.toString());
  const renewsAgent =
    renewsAuthority ||
    !isAgentCurrent(stored, current, { agentName, nowMs }) ||
    stored.agentBundle?.trim() !== trusted.join('').trim();
  return { renewsAuthority, renewsAgent, trusted };
}

/** An authority stays until it expires, or until the leafs from before its `successor` have expired. */
function isStillTrusted(
  authority: X509Certificate,
  successor: X509Certificate | undefined,
  nowMs: number,
): boolean {
  if (Date.parse(authority.validTo) <= nowMs) return false;
  return successor === undefined || Date.parse(successor.validFrom) + agentLifetimeMs > nowMs;
}

function isAgentCurrent(
  { agentCertificate = '', agentKey }: StoredCertificates,
  authority: X509Certificate,
  { agentName, nowMs }: { agentName: string; nowMs: number },
): boolean {
  const [agent] = splitBundle(agentCertificate);
  return (
    agent !== undefined &&
    hasKey(agent, agentKey) &&
    !isDue(agent, nowMs) &&
    agent.checkHost(agentName) !== undefined &&
    agent.checkIssued(authority) &&
    agent.verify(authority.publicKey)
  );
}

function isDue(certificate: X509Certificate, nowMs: number): boolean {
  const notBeforeMs = Date.parse(certificate.validFrom);
  const notAfterMs = Date.parse(certificate.validTo);
  return nowMs > notAfterMs - (notAfterMs - notBeforeMs) * renewalShare;
}

/** Tells whether `key` is the certificate's; what is no key is not. */
function hasKey(certificate: X509Certificate, key: string | undefined): boolean {
  try {
    return key !== undefined && certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Reads the certificates of a PEM text; what cannot be read counts as missing. */
function splitBundle(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}
