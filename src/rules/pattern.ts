/** Compares texts with patterns, in time linear in the text: a request's head must not be able to stop the agent. */
import { RE2JS } from 're2js';
import type { Pattern } from '../contract/index.ts';
import { describeError } from '../core/index.ts';
import { raise } from '../errors/index.ts';

/** Instructions of a compiled expression; each may be looked at for each character. */
export const PROGRAM_LIMIT = 1000;
/** Characters of a value that an expression is searched in; a longer value does not match. */
export const SEARCHED_LIMIT = 4096;

/** @throws {RULE_INVALID} for a regular expression that RE2 does not have, or that is too large */
export function compilePattern({ kind, text }: Pattern): (value: string) => boolean {
  switch (kind) {
    case 'exact':
      return (value) => value === text;
    case 'glob':
      return (value) => matchesGlob(text, value);
    case 'regex':
      return compileRegex(text);
  }
}

/** `*` stands for any characters, also none; everything else for itself. */
export function matchesGlob(glob: string, value: string): boolean {
  const [start = '', ...rest] = glob.split('*');
  const end = rest.pop();
  if (end === undefined) return value === glob;
  if (!value.startsWith(start) || !value.endsWith(end) || value.length < start.length + end.length)
    return false;
  const limit = value.length - end.length;
  let position = start.length;
  for (const part of rest) {
    const found = value.indexOf(part, position);
    if (found === -1 || found + part.length > limit) return false;
    position = found + part.length;
  }
  return true;
}

function compileRegex(text: string): (value: string) => boolean {
  const part = `~${text}`;
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(text);
  } catch (error) {
    return raise('RULE_INVALID', { part, reason: describeError(error) });
  }
  if (regex.programSize() > PROGRAM_LIMIT)
    raise('RULE_INVALID', { part, reason: 'the expression is too large' });
  return (value) => value.length <= SEARCHED_LIMIT && regex.test(value);
}
