/** What a request asks for, read from its method and path as Kubernetes reads them. */
import { resourceDefinitions, type ResourceDefinition, type Subresource } from '../resources.ts';

export interface ResourceRequest {
  kind: 'resource';
  /** As roles name it: `list` and `watch` are told apart. */
  verb: string;
  definition: ResourceDefinition;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: Subresource | undefined;
}

export interface PathRequest {
  kind: 'path';
  verb: string;
  path: string;
}

export type RequestInfo = ResourceRequest | PathRequest | { kind: 'missing'; path: string };

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const byPlace = new Map(
  resourceDefinitions.map((definition) => [
    `${definition.group}/${definition.version}/${definition.plural}`,
    definition,
  ]),
);

export function readRequestInfo(method: string, url: URL): RequestInfo {
  const path = url.pathname;
  const verb = verbs[method] ?? method.toLowerCase();
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
  const own =
    segments[0] === 'api' ? ['', ...segments.slice(1)] : segments[0] === 'apis' ? segments.slice(1) : [];
  if (own.length < 3) return { kind: 'path', verb, path };
  const [group = '', version = '', ...rest] = own;
  const watching = rest[0] === 'watch';
  if (watching) rest.shift();
  const inside = rest[0] === 'namespaces' && rest.length > 2 && !isNamespaceSubresource(rest);
  const [plural = '', name, sub, ...proxied] = inside ? rest.slice(2) : rest;
  const definition = byPlace.get(`${group}/${version}/${plural}`);
  if (definition === undefined) return { kind: 'missing', path };
  const namespace = inside ? rest[1] : plural === 'namespaces' ? name : undefined;
  if (proxied.length > 0 || (inside && !definition.namespaced)) return { kind: 'missing', path };
  const subresource = definition.subresources.find((candidate) => candidate.name === sub);
  if (sub !== undefined && subresource === undefined) return { kind: 'missing', path };
  const watches = watching || ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  const collection = name === undefined;
  return {
    kind: 'resource',
    verb: collection ? collectionVerb(verb, watches) : verb,
    definition,
    namespace,
    name,
    subresource,
  };
}

function collectionVerb(verb: string, watches: boolean): string {
  if (verb === 'get') return watches ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

function isNamespaceSubresource([, , third = '', ...more]: readonly string[]): boolean {
  return more.length === 0 && (third === 'status' || third === 'finalize');
}

/** A segment that cannot be decoded stays as it is, and names nothing. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
