/** Reads the conditions of a personal intercept (docs/PERSONAL.md). */
import {
  isPersonalKey,
  ruleSchema,
  validate,
  type Condition,
  type Pattern,
  type Rule,
} from '../../src/contract/index.ts';
import { createError, raise } from '../../src/errors/index.ts';

/** The options of `tp intercept` that say which requests are meant. */
export interface RuleOptions {
  header?: Condition[];
  path?: Condition[];
  grpcMethod?: Condition[];
  method?: Condition[];
  query?: Condition[];
  host?: Condition[];
  not?: Rule[];
  any?: boolean;
  personal?: boolean;
  key?: string;
}

/** `~` begins an expression, `*` stands for anything. */
function parsePattern(text: string): Pattern {
  if (text.startsWith('~')) return { kind: 'regex', text: text.slice(1) };
  return { kind: text.includes('*') ? 'glob' : 'exact', text };
}

/** Reads a field line, `name: value`; undefined when it has no colon. */
function findField(text: string): { name: string; value: string } | undefined {
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  return { name: text.slice(0, colon).trim().toLowerCase(), value: text.slice(colon + 1).trim() };
}

/** `name: value`; a name alone means any value. @throws {USAGE_INVALID_OPTION} */
export function parseHeader(text: string): Condition {
  const { name, value } = findField(text) ?? { name: text.trim().toLowerCase(), value: '*' };
  return checked('--header', text, "'name: value', such as 'x-user: alice' or 'user-agent: ~Firefox'", {
    kind: 'header',
    name,
    value: parsePattern(value),
  });
}

/** A field of a request, `name: value`, which is no condition. @throws {USAGE_INVALID_OPTION} */
export function parseField(text: string): { name: string; value: string } {
  const field = findField(text);
  if (field === undefined || field.name === '')
    return raise('USAGE_INVALID_OPTION', { option: '--header', value: text, expected: "'name: value'" });
  return field;
}

/** `name=value`; a name alone means any value. @throws {USAGE_INVALID_OPTION} */
export function parseQuery(text: string): Condition {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  const value = equals === -1 ? '*' : text.slice(equals + 1);
  return checked('--query', text, 'name=value, such as user=alice', {
    kind: 'query',
    name,
    value: parsePattern(value),
  });
}

/** @throws {USAGE_INVALID_OPTION} */
export function parsePath(text: string): Condition {
  const expected = "a path that starts with / or *, or an expression, such as '/api/*' or '~^/v[12]/'";
  if (!/^[/*~]/.test(text)) raise('USAGE_INVALID_OPTION', { option: '--path', value: text, expected });
  return checked('--path', text, expected, { kind: 'path', value: parsePattern(text) });
}

/** `package.Service/Method`; without a method all of the service. gRPC makes a path of it. @throws {USAGE_INVALID_OPTION} */
export function parseGrpcMethod(text: string): Condition {
  const expected = 'package.Service/Method or package.Service, such as shop.Greeter/SayHello';
  const [, service, method = '*'] = /^\/?([\w.]+)(?:\/(\w+|\*))?$/.exec(text) ?? [];
  if (service === undefined)
    raise('USAGE_INVALID_OPTION', { option: '--grpc-method', value: text, expected });
  return checked('--grpc-method', text, expected, {
    kind: 'path',
    value: parsePattern(`/${service}/${method}`),
  });
}

/** @throws {USAGE_INVALID_OPTION} */
export function parseHost(text: string): Condition {
  return checked('--host', text, "a host, such as shop.example.org or '*.example.org'", {
    kind: 'host',
    value: parsePattern(text),
  });
}

/** @throws {USAGE_INVALID_OPTION} */
export function parseMethod(text: string): Condition {
  const value = text.toUpperCase();
  return checked('--method', text, 'a method, such as GET', { kind: 'method', value });
}

/** @throws {USAGE_INVALID_OPTION} */
export function parseKey(text: string): string {
  if (!isPersonalKey(text))
    raise('USAGE_INVALID_OPTION', {
      option: '--key',
      value: text,
      expected: 'a key: 1 to 64 letters, digits, points, hyphens and underscores',
    });
  return text;
}

const kinds: Readonly<Record<string, (text: string) => Condition>> = {
  header: parseHeader,
  path: parsePath,
  'grpc-method': parseGrpcMethod,
  method: parseMethod,
  query: parseQuery,
  host: parseHost,
  key: (text) => ({ kind: 'key', value: parseKey(text) }),
};

/** Reads `KIND VALUE` of `--not`, such as `path /health`. @throws {USAGE_INVALID_OPTION} */
export function parseNot(text: string): Rule {
  const [, kind = '', value = ''] = /^([\w-]+) +(.*)$/.exec(text) ?? [];
  const parse = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (parse === undefined)
    return raise('USAGE_INVALID_OPTION', {
      option: '--not',
      value: text,
      expected: `${Object.keys(kinds).join(', ')} and a value, such as 'header x-user: bob'`,
    });
  return { kind: 'not', rule: parse(value) };
}

/**
 * Joins what the options say. Of methods, paths and hosts a request has one each, so that several mean any of them.
 * @param user whose key `--personal` means
 * @returns undefined when all requests are meant
 * @throws {USAGE_INVALID} when only `--any` or `--not` says something, or too much is said
 */
export function toRule(options: RuleOptions, user: string): Rule | undefined {
  const {
    header = [],
    query = [],
    path = [],
    grpcMethod = [],
    method = [],
    host = [],
    not = [],
    key,
    personal,
  } = options;
  const keys: Condition[] =
    key !== undefined || personal === true ? [{ kind: 'key', value: key ?? keyOf(user) }] : [];
  const groups = [
    keys,
    ...[...header, ...query].map((condition) => [condition]),
    [...path, ...grpcMethod],
    method,
    host,
  ];
  const parts = groups.flatMap((group) => join('any', group));
  if (options.any === true && parts.length < 2)
    raise('USAGE_INVALID', { reason: '--any needs at least two conditions to choose from' });
  const [rule] = join('all', [...join(options.any === true ? 'any' : 'all', parts), ...not]);
  if (rule === undefined) return undefined;
  return validate(ruleSchema, rule, (reason) => createError('USAGE_INVALID', { reason }));
}

/** Nothing, the only one, or all of them as one. */
function join(kind: 'all' | 'any', rules: readonly Rule[]): Rule[] {
  const [only, ...others] = rules;
  if (only === undefined) return [];
  return others.length === 0 ? [only] : [{ kind, rules: [...rules] }];
}

/** A user name as a key: some systems allow what a header cannot hold. */
function keyOf(user: string): string {
  const key = user.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return isPersonalKey(key)
    ? key
    : raise('USAGE_INVALID', { reason: `Cannot make a key of the user name "${user}": say --key` });
}

function checked(option: string, value: string, expected: string, condition: Condition): Condition {
  validate(ruleSchema, condition, () => createError('USAGE_INVALID_OPTION', { option, value, expected }));
  return condition;
}
