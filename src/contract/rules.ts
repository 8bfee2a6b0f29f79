/**
 * Which requests an intercept takes: a tree of conditions as plain data. The command line makes it, the daemon stores it,
 * the agent executes it (src/rules), and everybody shows it in the words of {@link describeRule}. docs/PERSONAL.md is the
 * page for users.
 */
import * as v from 'valibot';

/** Text to compare with: as a whole, with `*` for any characters, or searched by a regular expression of RE2's syntax. */
export interface Pattern {
  kind: 'exact' | 'glob' | 'regex';
  text: string;
}

export type Condition =
  /** Any field line of that name; `name` in lower case. */
  | { kind: 'header'; name: string; value: Pattern }
  /** The path as it was sent; with its query when the pattern has a `?`. */
  | { kind: 'path'; value: Pattern }
  | { kind: 'method'; value: string }
  /** Any parameter of the query of that name, both decoded. */
  | { kind: 'query'; name: string; value: Pattern }
  /** Without the port, unless the pattern has one. Case does not matter. */
  | { kind: 'host'; value: Pattern }
  /** A personal key, in any of the fields that carry one. */
  | { kind: 'key'; value: string };

export type Rule =
  Condition | { kind: 'all'; rules: Rule[] } | { kind: 'any'; rules: Rule[] } | { kind: 'not'; rule: Rule };

/** Characters of a name or pattern. */
export const PATTERN_LIMIT = 512;
/** Conditions in one rule. */
export const CONDITION_LIMIT = 32;
/** `all`, `any` and `not` in each other. */
const DEPTH_LIMIT = 4;

/** RFC 9110 §5.6.2, in lower case. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Z]{1,32}$/;
/** What every field that carries a key can hold without escapes: W3C baggage and tracestate, Jaeger, B3, Datadog. */
const KEY = /^[A-Za-z0-9._-]{1,64}$/;

/** Tells whether `text` can be a personal key. */
export function isPersonalKey(text: string): boolean {
  return KEY.test(text);
}

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(PATTERN_LIMIT));
const pattern: v.GenericSchema<unknown, Pattern> = v.object({
  kind: v.picklist(['exact', 'glob', 'regex']),
  text: v.pipe(v.string(), v.maxLength(PATTERN_LIMIT)),
});
const conditions = [
  v.object({ kind: v.literal('header'), name: v.pipe(text, v.regex(FIELD_NAME)), value: pattern }),
  v.object({ kind: v.literal('path'), value: pattern }),
  v.object({ kind: v.literal('method'), value: v.pipe(v.string(), v.regex(METHOD)) }),
  v.object({ kind: v.literal('query'), name: text, value: pattern }),
  v.object({ kind: v.literal('host'), value: pattern }),
  v.object({ kind: v.literal('key'), value: v.pipe(v.string(), v.regex(KEY)) }),
] as const;

/** The schema of a rule with at most `depth` levels: without recursion, as what comes in may be nested without end. */
function ruleOfDepth(depth: number): v.GenericSchema<unknown, Rule> {
  if (depth === 0) return v.variant('kind', [...conditions]);
  const inner = ruleOfDepth(depth - 1);
  const rules = v.pipe(v.array(inner), v.minLength(1), v.maxLength(CONDITION_LIMIT));
  return v.variant('kind', [
    ...conditions,
    v.object({ kind: v.literal('all'), rules }),
    v.object({ kind: v.literal('any'), rules }),
    v.object({ kind: v.literal('not'), rule: inner }),
  ]);
}

export const ruleSchema: v.GenericSchema<unknown, Rule> = v.pipe(
  ruleOfDepth(DEPTH_LIMIT),
  v.check((rule) => countConditions(rule) <= CONDITION_LIMIT, `More than ${CONDITION_LIMIT} conditions`),
);

function countConditions(rule: Rule): number {
  switch (rule.kind) {
    case 'all':
    case 'any':
      return rule.rules.reduce((sum, part) => sum + countConditions(part), 0);
    case 'not':
      return countConditions(rule.rule);
    default:
      return 1;
  }
}

/** The rule in words, such as `header x-user: alice and path /api/*`; the words of `--not` are the same. */
export function describeRule(rule: Rule): string {
  switch (rule.kind) {
    case 'header':
      return `header ${rule.name}: ${describePattern(rule.value)}`;
    case 'query':
      return `query ${rule.name}=${describePattern(rule.value)}`;
    case 'path':
    case 'host':
      return `${rule.kind} ${describePattern(rule.value)}`;
    case 'method':
    case 'key':
      return `${rule.kind} ${rule.value}`;
    case 'all':
      return rule.rules.map(describePart).join(' and ');
    case 'any':
      return rule.rules.map(describePart).join(' or ');
    case 'not':
      return `not ${describePart(rule.rule)}`;
  }
}

function describePart(rule: Rule): string {
  const isJoined = (rule.kind === 'all' || rule.kind === 'any') && rule.rules.length > 1;
  return isJoined ? `(${describeRule(rule)})` : describeRule(rule);
}

function describePattern({ kind, text }: Pattern): string {
  return kind === 'regex' ? `~${text}` : text;
}
