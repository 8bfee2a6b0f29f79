/** Tells clients what the server serves: the documents under `/api` and `/apis`, one by one or all at once. */
import { apiVersionOf, resourceDefinitions, type ResourceDefinition, type Subresource } from './resources.ts';
import type { JsonMap } from '../store/index.ts';

const aggregatedTypes = ['v2', 'v2beta1'] as const;

const groups = [...new Set(resourceDefinitions.map(({ group }) => group))];
const ofGroup = (group: string): ResourceDefinition[] =>
  resourceDefinitions.filter((definition) => definition.group === group);

/** The document at `path`, for what the client accepts; undefined when there is none. */
export function discoveryDocument(
  path: string,
  accept: string,
): { document: JsonMap; contentType: string } | undefined {
  const clean = path.replace(/\/$/, '');
  if (clean === '/api' || clean === '/apis') {
    const version = aggregatedTypes.find((candidate) =>
      accept.split(',').some((type) => {
        const parameters = type.split(';').map((part) => part.trim());
        return parameters.includes('as=APIGroupDiscoveryList') && parameters.includes(`v=${candidate}`);
      }),
    );
    if (version !== undefined)
      return {
        document: aggregated(clean === '/api' ? [''] : groups.filter((group) => group !== ''), version),
        contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      };
  }
  const document = legacy(clean);
  return document === undefined ? undefined : { document, contentType: 'application/json' };
}

function legacy(path: string): JsonMap | undefined {
  if (path === '/api')
    return {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [],
    };
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.filter((group) => group !== '').map(groupDocument),
    };
  const match = /^\/(?:api\/(v1)|apis\/([^/]+)(?:\/(v1))?)$/.exec(path);
  if (match === null) return undefined;
  const group = match[2] ?? '';
  const definitions = ofGroup(group);
  if (definitions.length === 0) return undefined;
  if (match[1] === undefined && match[3] === undefined)
    return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) };
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version: 'v1' }),
    resources: definitions.flatMap((definition) => [
      resourceDocument(definition),
      ...definition.subresources.map((subresource) => subresourceDocument(definition, subresource)),
    ]),
  };
}

function groupDocument(group: string): JsonMap {
  const version = { groupVersion: apiVersionOf({ group, version: 'v1' }), version: 'v1' };
  return { name: group, versions: [version], preferredVersion: version };
}

function resourceDocument(definition: ResourceDefinition): JsonMap {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = definition;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
}

function subresourceDocument(definition: ResourceDefinition, { name, kind, verbs }: Subresource): JsonMap {
  return {
    name: `${definition.plural}/${name}`,
    singularName: '',
    namespaced: definition.namespaced,
    ...(kind === undefined
      ? { kind: definition.kind }
      : { group: kind.group, version: kind.version, kind: kind.kind }),
    verbs,
  };
}

function aggregated(names: readonly string[], version: string): JsonMap {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: names.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: ofGroup(group).map((definition) => ({
            resource: definition.plural,
            responseKind: responseKind(definition),
            scope: definition.namespaced ? 'Namespaced' : 'Cluster',
            singularResource: definition.singular,
            verbs: definition.verbs,
            ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
            ...(definition.categories.length > 0 ? { categories: definition.categories } : {}),
            subresources: definition.subresources.map(({ name, kind, verbs }) => ({
              subresource: name,
              responseKind: kind ?? responseKind(definition),
              verbs,
            })),
          })),
        },
      ],
    })),
  };
}

function responseKind({ group, version, kind }: ResourceDefinition): JsonMap {
  return { group, version, kind };
}
