/**
 * The certificates of a namespace, kept in two Secrets: `tp-ca` with the authority, which clients read (that right is
 * what lets a person use the tunnel), and `tp-agent-tls`, which the agents' pods mount. Everybody who connects renews
 * what is due. Several people can do so at once: whoever writes first wins, the others take what they find.
 */
import { AGENT_SECRET, AUTHORITY_SECRET, MANAGED_BY } from '../contract/index.ts';
import type { Clock } from '../core/index.ts';
import { raise } from '../errors/index.ts';
import { kubeStatus, paths, type KubeClient, type V1Secret } from '../kube/index.ts';
import {
  agentLifetimeMs,
  createAuthority,
  issueLeaf,
  planCertificates,
  type Authority,
  type StoredCertificates,
} from '../pki/index.ts';

/** What a client needs to talk to the agents of a namespace. */
export interface NamespaceCertificates {
  /** Issues the client's own certificate. */
  authority: Authority;
  /** Certificates of the authorities to trust, PEM. */
  trusted: string;
  /** The name that agents' certificates are for. */
  agentName: string;
}

/** The part of the client that this needs. */
export type SecretCalls = Pick<KubeClient, 'find' | 'create' | 'replace'>;

/** Times that somebody else may be faster. Each time they leave valid certificates, so that two are enough. */
const maximumAttempts = 5;

/** The name in the agents' certificate, expected by clients. It is no DNS name of the cluster. */
export function agentNameOf(namespace: string): string {
  return `tp-agent.${namespace}`;
}

/**
 * Reads the certificates of `namespace` and makes those that are missing or due.
 * @throws SECRET_FOREIGN when something else has a Secret of that name, KUBE_CONFLICT when others keep changing them,
 *   KUBE_*
 */
export async function ensureCertificates(
  kube: SecretCalls,
  namespace: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<NamespaceCertificates> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOrRenew(kube, namespace, { clock, signal });
    } catch (error) {
      // AlreadyExists and Conflict: somebody was faster.
      if (kubeStatus(error)?.status !== 409 || attempt === maximumAttempts) throw error;
    }
  }
}

async function readOrRenew(
  kube: SecretCalls,
  namespace: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<NamespaceCertificates> {
  const find = (name: string): Promise<V1Secret | undefined> =>
    kube.find<V1Secret>(paths.secrets(namespace, name), { signal });
  const [authoritySecret, agentSecret] = await Promise.all([find(AUTHORITY_SECRET), find(AGENT_SECRET)]);
  const stored = readSecrets(authoritySecret, agentSecret);
  const agentName = agentNameOf(namespace);
  const nowMs = clock.epochMs();
  const plan = planCertificates(stored, { agentName, nowMs });

  let authority = { certificate: plan.trusted[0] ?? '', key: stored.authorityKey ?? '' };
  let trusted = plan.trusted.join('');
  if (plan.renewsAuthority) {
    authority = await createAuthority({ commonName: `tp authority of ${namespace}`, nowMs });
    trusted = authority.certificate + trusted;
    const data = { 'ca.crt': trusted, 'ca.key': authority.key };
    await write(kube, namespace, {
      name: AUTHORITY_SECRET,
      type: 'Opaque',
      old: authoritySecret,
      data,
      signal,
    });
  }
  if (plan.renewsAgent) {
    const agent = await issueLeaf(authority, {
      usage: 'agent',
      commonName: agentName,
      subjectAltNames: [agentName],
      lifetimeMs: agentLifetimeMs,
      nowMs,
    });
    const data = { 'tls.crt': agent.certificate, 'tls.key': agent.key, 'ca.crt': trusted };
    await write(kube, namespace, {
      name: AGENT_SECRET,
      type: 'kubernetes.io/tls',
      old: agentSecret,
      data,
      signal,
    });
  }
  return { authority, trusted, agentName };
}

function readSecrets(authority: V1Secret | undefined, agent: V1Secret | undefined): StoredCertificates {
  return {
    authorityBundle: readField(authority, 'ca.crt'),
    authorityKey: readField(authority, 'ca.key'),
    agentCertificate: readField(agent, 'tls.crt'),
    agentKey: readField(agent, 'tls.key'),
    agentBundle: readField(agent, 'ca.crt'),
  };
}

function readField(secret: V1Secret | undefined, field: string): string | undefined {
  const base64 = secret?.data?.[field];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

interface Write {
  name: string;
  type: string;
  /** What is replaced; its resourceVersion makes the API server refuse when it has changed since. */
  old: V1Secret | undefined;
  data: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

async function write(
  kube: SecretCalls,
  namespace: string,
  { name, type, old, data, signal }: Write,
): Promise<void> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...old?.metadata, name, namespace, labels: { ...old?.metadata?.labels, ...MANAGED_BY } },
    type,
    data: Object.fromEntries(
      Object.entries(data).map(([field, text]) => [field, Buffer.from(text).toString('base64')]),
    ),
  };
  if (old === undefined) {
    await kube.create(paths.secrets(namespace), secret, { signal });
    return;
  }
  if (old.metadata?.labels?.['app.kubernetes.io/managed-by'] !== MANAGED_BY['app.kubernetes.io/managed-by']) {
    raise('SECRET_FOREIGN', { name, namespace });
  }
  await kube.replace(paths.secrets(namespace, name), secret, { signal });
}
