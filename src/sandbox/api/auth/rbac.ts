/** Role-based access control: who may do what, by the roles and bindings in the store. */
import { isMap, mapsIn, qualified, textOf, type JsonMap, type ObjectStore } from '../../store/index.ts';
import type { UserInfo } from '../user.ts';

export interface ResourceAttributes {
  verb: string;
  group: string;
  /** The plural. */
  resource: string;
  subresource?: string | undefined;
  /** Missing for all namespaces and for what is in none. */
  namespace?: string | undefined;
  name?: string | undefined;
}

export interface PathAttributes {
  verb: string;
  path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

const rbacGroup = 'rbac.authorization.k8s.io';

export class RoleBasedAccess {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The rule that allows it is found by its binding; undefined when there is none. */
  allows(user: UserInfo, attributes: Attributes): string | undefined {
    if (user.groups.includes('system:masters')) return 'system:masters';
    const namespace = 'path' in attributes ? undefined : attributes.namespace;
    for (const { reason, rules } of this.#rules(user, namespace))
      if (rules.some((rule) => ruleAllows(rule, attributes))) return reason;
    return undefined;
  }

  /** All rules that the user has in this namespace. */
  rulesFor(user: UserInfo, namespace: string): JsonMap[] {
    const everything = [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ];
    if (user.groups.includes('system:masters')) return everything;
    return this.#rules(user, namespace).flatMap(({ rules }) => rules);
  }

  #rules(user: UserInfo, namespace: string | undefined): { reason: string; rules: JsonMap[] }[] {
    const found: { reason: string; rules: JsonMap[] }[] = [];
    const bindings = [
      ...this.#store.list(qualified('clusterrolebindings', rbacGroup)),
      ...(namespace === undefined ? [] : this.#store.list(qualified('rolebindings', rbacGroup), namespace)),
    ];
    for (const binding of bindings) {
      const { kind, metadata } = binding;
      const matching = mapsIn(binding, 'subjects').find((subject) =>
        names(subject, user, metadata.namespace),
      );
      const role = isMap(binding['roleRef']) ? binding['roleRef'] : {};
      if (matching === undefined) continue;
      const place = metadata.namespace === undefined ? '' : `/${metadata.namespace}`;
      found.push({
        reason: `RBAC: allowed by ${kind} "${metadata.name ?? ''}${place}" of ${textOf(role['kind'])} "${textOf(role['name'])}" to ${textOf(matching['kind'])} "${textOf(matching['name'])}"`,
        rules: this.#roleRules(textOf(role['kind']), textOf(role['name']), metadata.namespace),
      });
    }
    return found;
  }

  #roleRules(kind: string, name: string, namespace: string | undefined): JsonMap[] {
    const role =
      kind === 'ClusterRole'
        ? this.#store.get(qualified('clusterroles', rbacGroup), undefined, name)
        : this.#store.get(qualified('roles', rbacGroup), namespace, name);
    return mapsIn(role, 'rules');
  }
}

/** The refusal's second half, after `is forbidden: `. */
export function refusalText(user: UserInfo, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot ${attributes.verb}`;
  if ('path' in attributes) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

function names(subject: JsonMap, user: UserInfo, bindingNamespace: string | undefined): boolean {
  const name = textOf(subject['name']);
  switch (subject['kind']) {
    case 'User':
      return user.username === name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const namespace = textOf(subject['namespace']) || (bindingNamespace ?? '');
      return user.username === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

function ruleAllows(rule: JsonMap, attributes: Attributes): boolean {
  if (!lists(rule['verbs'], attributes.verb)) return false;
  if ('path' in attributes) return pathsOf(rule).some((pattern) => pathMatches(pattern, attributes.path));
  const { group, resource, subresource, name } = attributes;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const resources = texts(rule['resources']);
  return (
    lists(rule['apiGroups'], group) &&
    (resources.includes('*') ||
      resources.includes(what) ||
      (subresource !== undefined && resources.includes(`*/${subresource}`))) &&
    (texts(rule['resourceNames']).length === 0 || texts(rule['resourceNames']).includes(name ?? ''))
  );
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : []);
const pathsOf = (rule: JsonMap): string[] => texts(rule['nonResourceURLs']);

function lists(value: unknown, wanted: string): boolean {
  const items = texts(value);
  return items.includes('*') || items.includes(wanted);
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
