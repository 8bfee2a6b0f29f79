/** Questions about users and rights, which are created and answered but never stored. */
import { isMap, mapIn, textOf, type JsonMap, type KubeObject } from '../../store/index.ts';
import type { UserInfo } from '../user.ts';
import type { Attributes, RoleBasedAccess } from './rbac.ts';
import type { ServiceAccountTokens } from './tokens.ts';

export interface ReviewContext {
  access: RoleBasedAccess;
  tokens: ServiceAccountTokens;
  readToken: (token: string) => UserInfo | undefined;
  user: UserInfo;
  now: string;
}

/** Answers the review by setting its `status`. */
export function answerReview(review: KubeObject, context: ReviewContext): KubeObject {
  const spec = mapIn(review, 'spec');
  review.metadata.creationTimestamp ??= context.now;
  review['status'] = statusOf(review.kind, spec, context);
  return review;
}

function statusOf(kind: string, spec: JsonMap, context: ReviewContext): JsonMap {
  const { access, user } = context;
  switch (kind) {
    case 'SelfSubjectReview':
      return { userInfo: { ...user } };
    case 'SelfSubjectAccessReview':
      return verdict(access, user, spec);
    case 'SelfSubjectRulesReview':
      return rulesOf(access.rulesFor(user, textOf(spec['namespace'])));
    case 'TokenReview':
      return tokenStatus(spec, context);
    default: {
      const groups = Array.isArray(spec['groups']) ? spec['groups'].map(textOf) : [];
      return verdict(access, { username: textOf(spec['user']), groups }, spec);
    }
  }
}

function verdict(access: RoleBasedAccess, user: UserInfo, spec: JsonMap): JsonMap {
  const reason = access.allows(user, attributesOf(spec));
  return reason === undefined ? { allowed: false } : { allowed: true, reason };
}

function attributesOf(spec: JsonMap): Attributes {
  const path = spec['nonResourceAttributes'];
  if (isMap(path)) return { verb: textOf(path['verb']), path: textOf(path['path']) };
  const asked = isMap(spec['resourceAttributes']) ? spec['resourceAttributes'] : {};
  const optional = (field: string): string | undefined => textOf(asked[field]) || undefined;
  return {
    verb: textOf(asked['verb']),
    group: textOf(asked['group']),
    resource: textOf(asked['resource']),
    subresource: optional('subresource'),
    namespace: optional('namespace'),
    name: optional('name'),
  };
}

function rulesOf(rules: JsonMap[]): JsonMap {
  return {
    incomplete: false,
    resourceRules: rules.filter((rule) => Array.isArray(rule['resources'])),
    nonResourceRules: rules.filter((rule) => Array.isArray(rule['nonResourceURLs'])),
  };
}

function tokenStatus(spec: JsonMap, { tokens, readToken }: ReviewContext): JsonMap {
  const token = textOf(spec['token']);
  const audiences = Array.isArray(spec['audiences']) ? spec['audiences'].map(textOf) : [];
  for (const audience of audiences) {
    const user = tokens.read(token, audience);
    if (user !== undefined) return { authenticated: true, user: { ...user }, audiences: [audience] };
  }
  const user = audiences.length === 0 ? readToken(token) : undefined;
  return user === undefined
    ? { error: '[invalid bearer token, token lookup failed]' }
    : { authenticated: true, user: { ...user } };
}
