/** Makes functions of rules. */
import type { Rule } from '../contract/index.ts';
import { compilePattern } from './pattern.ts';
import type { RequestView } from './request-view.ts';

export type Matcher = (request: RequestView) => boolean;

/** @throws {RULE_INVALID} */
export function compileRule(rule: Rule): Matcher {
  switch (rule.kind) {
    case 'header': {
      const matches = compilePattern(rule.value);
      return (request) => request.fieldValues(rule.name).some(matches);
    }
    case 'query': {
      const matches = compilePattern(rule.value);
      return (request) => request.queryValues(rule.name).some(matches);
    }
    case 'path': {
      const matches = compilePattern(rule.value);
      const hasQuery = rule.value.text.includes(rule.value.kind === 'regex' ? '\\?' : '?');
      return (request) => matches(hasQuery ? request.pathAndQuery : request.path);
    }
    case 'host': {
      const matches = compilePattern({ ...rule.value, text: hostText(rule.value) });
      const hasPort = /:[\d*]+$/.test(rule.value.text);
      return (request) => matches(hasPort ? request.authority : request.host);
    }
    case 'method':
      return ({ method }) => method === rule.value;
    case 'key':
      return ({ keys }) => keys.has(rule.value);
    case 'all': {
      const matchers = rule.rules.map(compileRule);
      return (request) => matchers.every((matches) => matches(request));
    }
    case 'any': {
      const matchers = rule.rules.map(compileRule);
      return (request) => matchers.some((matches) => matches(request));
    }
    case 'not': {
      const matches = compileRule(rule.rule);
      return (request) => !matches(request);
    }
  }
}

/** Hosts are compared in lower case. Of an expression, the flag sees to it: `\S` and `\s` are not the same. */
function hostText({ kind, text }: { kind: string; text: string }): string {
  return kind === 'regex' ? `(?i)${text}` : text.toLowerCase();
}
