/**
 * Who wins when several rules match the same request: the more specific one, then the older one (docs/PERSONAL.md). And
 * who could never win, whatever comes: such a rule is refused when it is asked for, as nobody would see why nothing arrives.
 */
import type { Condition, Pattern, Rule } from '../contract/index.ts';
import { compilePattern, matchesGlob } from './pattern.ts';

/** A rule among others; without one, all that nobody else takes. */
export interface Contender {
  readonly rule: Rule | undefined;
  /** When its owner asked for it, in ms since the epoch. */
  readonly sinceMs: number;
  /** Decides between rules of the same age. */
  readonly id: string;
}

const EXACT = 4;
const PATTERN = 2;

/** Sorts winners first: more points, then more characters that are given, then the older one. */
export function comparePrecedence(a: Contender, b: Contender): number {
  return (
    points(b.rule) - points(a.rule) ||
    literalCharacters(b.rule) - literalCharacters(a.rule) ||
    a.sinceMs - b.sinceMs ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Tells whether one of the two would never get a request because of the other. */
export function isPointless(a: Contender, b: Contender): boolean {
  const [winner, loser] = comparePrecedence(a, b) < 0 ? [a, b] : [b, a];
  return covers(winner.rule, loser.rule);
}

/**
 * 4 for an exact value, 2 for a glob or an expression, 1 for `not`. `all` has the sum of its parts; `any` one point less
 * than its weakest part.
 */
function points(rule: Rule | undefined): number {
  switch (rule?.kind) {
    case undefined:
      return 0;
    case 'all':
      return rule.rules.reduce((sum, part) => sum + points(part), 0);
    case 'any':
      return Math.min(...rule.rules.map(points)) - (rule.rules.length > 1 ? 1 : 0);
    case 'not':
      return 1;
    case 'method':
    case 'key':
      return EXACT;
    case 'header':
    case 'path':
    case 'query':
    case 'host':
      return rule.value.kind === 'exact' ? EXACT : PATTERN;
  }
}

function literalCharacters(rule: Rule | undefined): number {
  switch (rule?.kind) {
    case undefined:
    case 'not':
      return 0;
    case 'all':
      return rule.rules.reduce((sum, part) => sum + literalCharacters(part), 0);
    case 'any':
      return Math.min(...rule.rules.map(literalCharacters));
    case 'method':
    case 'key':
      return rule.value.length;
    case 'header':
    case 'path':
    case 'query':
    case 'host':
      return rule.value.text.replaceAll('*', '').length;
  }
}

/**
 * Tells whether `wide` matches whatever `narrow` matches. True is always right; false may mean that it cannot be seen from
 * the form of the two (of expressions, for one).
 */
export function covers(wide: Rule | undefined, narrow: Rule | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  if (narrow.kind === 'any') return narrow.rules.every((part) => covers(wide, part));
  if (wide.kind === 'all') return wide.rules.every((part) => covers(part, narrow));
  if (wide.kind === 'any' && wide.rules.some((part) => covers(part, narrow))) return true;
  if (narrow.kind === 'all') return narrow.rules.some((part) => covers(wide, part));
  if (wide.kind === 'not') return narrow.kind === 'not' && covers(narrow.rule, wide.rule);
  return wide.kind !== 'any' && narrow.kind !== 'not' && coversCondition(wide, narrow);
}

function coversCondition(wide: Condition, narrow: Condition): boolean {
  switch (wide.kind) {
    case 'method':
      return narrow.kind === 'method' && wide.value === narrow.value;
    case 'key':
      return (
        (narrow.kind === 'key' && wide.value === narrow.value) ||
        (narrow.kind === 'header' && narrow.name === 'x-tp-key' && isExactly(narrow.value, wide.value))
      );
    case 'header':
    case 'query':
      return (
        narrow.kind === wide.kind && narrow.name === wide.name && coversPattern(wide.value, narrow.value)
      );
    case 'path':
      return narrow.kind === 'path' && coversPattern(wide.value, withoutUnless(wide, /\?/, narrow, /\?.*$/));
    case 'host':
      return (
        narrow.kind === 'host' && coversPattern(wide.value, withoutUnless(wide, /:/, narrow, /:[\d*]+$/))
      );
  }
}

/** The narrow pattern without its query or port, which the wide one does not look at unless it has one itself. */
function withoutUnless(
  wide: { value: Pattern },
  sign: RegExp,
  { value }: { value: Pattern },
  part: RegExp,
): Pattern {
  const isLookedAt = sign.test(wide.value.text) || value.kind === 'regex';
  return isLookedAt ? value : { ...value, text: value.text.replace(part, '') };
}

function coversPattern(wide: Pattern, narrow: Pattern): boolean {
  if (wide.kind === narrow.kind && wide.text === narrow.text) return true;
  switch (wide.kind) {
    case 'exact':
      return false;
    case 'glob':
      // A star of the narrow one can only be met by a star of the wide one, which has no other way to say `*`.
      return wide.text === '*' || (narrow.kind !== 'regex' && matchesGlob(wide.text, narrow.text));
    case 'regex':
      return narrow.kind === 'exact' && compilePattern(wide)(narrow.text);
  }
}

function isExactly({ kind, text }: Pattern, value: string): boolean {
  return kind === 'exact' && text === value;
}
