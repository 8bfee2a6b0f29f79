/**
 * The only place where answers of the API server and failures on the way to it become errors of ours. HTTP status,
 * Kubernetes reason and causes stay in the details; {@link kubeStatus} reads them.
 */
import { createError, isToolError, type ToolError } from '../errors/index.ts';
import { parsePath } from './paths.ts';
import type { V1Status } from './types.ts';

/** What the API server said, kept in `details` of each error that comes from an answer. */
export interface KubeStatus {
  /** HTTP status code. */
  status: number;
  /** Kubernetes reason, such as "NotFound", "AlreadyExists", "Conflict", "Invalid"; "" when the answer has none. */
  kubeReason: string;
  /** What is wrong in detail: fields that are invalid, or that other managers own. */
  causes: readonly KubeCause[];
}

export interface KubeCause {
  /** Such as "FieldManagerConflict" or "FieldValueRequired". */
  reason: string;
  message: string;
  /** Path of the field, such as ".spec.replicas". */
  field: string;
}

/** What was asked, for the text of an error. */
export interface Asked {
  method: string;
  path: string;
  /** Origin of the API server. */
  server: string;
}

/** Reads status, reason and causes of an error that came from an answer of the API server. */
export function kubeStatus(error: unknown): KubeStatus | undefined {
  if (!isToolError(error) || typeof error.details['status'] !== 'number') return undefined;
  const { status, kubeReason, causes } = error.details as unknown as KubeStatus;
  return { status, kubeReason, causes };
}

/** Turns an answer that is not a success into an error. `body` is what the answer carried, JSON or not. */
export function fromAnswer(status: number, body: string, asked: Asked): ToolError {
  const answer = parseStatus(body);
  const action = describeAction(asked);
  const kube: KubeStatus = {
    status,
    kubeReason: answer.reason ?? '',
    causes: (answer.details?.causes ?? []).map(({ reason = '', message = '', field = '' }) => ({
      reason,
      message,
      field,
    })),
  };
  const reason = answer.message ?? describeForeignBody(body);
  if (status === 401) return createError('KUBE_UNAUTHORIZED', { server: asked.server, ...kube });
  // Quotas, admission and Pod Security answer 403 too; only the authorizer's text names a missing right.
  const missing = status === 403 ? findMissingRight(reason) : undefined;
  if (missing !== undefined) return createError('KUBE_FORBIDDEN', { action, missing: [missing], ...kube });
  if (status === 409 && kube.kubeReason === 'Conflict')
    return createError('KUBE_CONFLICT', { action, reason, ...kube });
  const { kind, name = '' } = answer.details ?? {};
  if (status === 404 && kind === 'namespaces')
    return createError('NAMESPACE_NOT_FOUND', { namespace: name, ...kube });
  return createError('KUBE_REQUEST_FAILED', { action, reason, ...kube });
}

function parseStatus(body: string): V1Status {
  try {
    const parsed = JSON.parse(body) as V1Status | null;
    if (parsed?.kind === 'Status') return parsed;
  } catch {
    // A proxy or load balancer answered.
  }
  return {};
}

/** Characters of an answer that is not a Kubernetes Status, enough for one sentence of a proxy or kubelet. */
const foreignBodyLength = 300;

function describeForeignBody(body: string): string {
  const text = body.trim().replaceAll(/\s+/g, ' ').slice(0, foreignBodyLength);
  return text === '' || text.startsWith('<') ? 'the answer does not come from Kubernetes' : text;
}

/**
 * Reads the right that the authorizer misses from its message, which is more exact than the request: a patch that
 * creates needs "create" too. Example: `pods "a" is forbidden: User "b" cannot get resource "pods/log" in API group ""
 * in the namespace "c"`. Unchanged from 1.20 to 1.36.
 */
function findMissingRight(
  message: string,
): { verb: string; resource: string; group: string; namespace: string } | undefined {
  const match =
    /cannot (?<verb>\S+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)" (?:in the namespace "(?<namespace>[^"]*)"|at the cluster scope)/.exec(
      message,
    );
  if (match?.groups === undefined) return undefined;
  const { verb = '', resource = '', group = '', namespace = '' } = match.groups;
  return { verb, resource, group, namespace };
}

const verbs: Readonly<Record<string, string | undefined>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'replace',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Says what was asked in words: `patch deployments "shop" in namespace "demo"`. */
export function describeAction({ method, path }: Pick<Asked, 'method' | 'path'>): string {
  const parts = parsePath(path);
  const verb = verbs[method] ?? method.toLowerCase();
  if (parts === undefined) return `${verb} ${path}`;
  const isList = method === 'GET' && parts.name === '';
  const name = parts.name === '' ? '' : ` "${parts.name}"`;
  const namespace = parts.namespace === '' ? '' : ` in namespace "${parts.namespace}"`;
  return `${isList ? 'list' : verb} ${parts.resource}${name}${namespace}`;
}

/** Node's error codes in words; other errors speak for themselves. */
const networkReasons: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not in the kubeconfig',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not in the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not in the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not in the kubeconfig',
};

/** Turns a failure on the way to the API server into KUBE_UNREACHABLE; an error of ours stays as it is. */
export function fromNetworkError(error: unknown, server: string): ToolError {
  if (isToolError(error)) return error;
  return createError('KUBE_UNREACHABLE', { server, reason: toReason(error) }, { cause: error });
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : networkReasons[code];
  if (known !== undefined) return known;
  // Several addresses were tried, and failed differently.
  if (error instanceof AggregateError) return (error.errors as unknown[]).map(toReason).join(', ');
  return error.message;
}
