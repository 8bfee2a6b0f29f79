/** Label and field selectors: their text form, and `LabelSelector` objects. */
import { isMap, type JsonMap, type KubeObject } from './kube-object.ts';
import { badRequest } from './statuses.ts';

export type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

/** `a=b,c!=d,e in (f,g),h,!i`. @throws {ApiError} 400 */
export function parseLabelSelector(text: string): Requirement {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const requirements = parts.map((part) => requirement(part.trim(), text));
  return (labels) => requirements.every((matches) => matches(labels));
}

const keyPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;

function requirement(part: string, text: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return membership(checkedKey(set[1] ?? '', text), set[2] === 'in', values);
  }
  const equation = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (equation !== null)
    return membership(checkedKey(equation[1] ?? '', text), equation[2] !== '!=', [equation[3] ?? '']);
  if (part.startsWith('!')) {
    const key = checkedKey(part.slice(1).trim(), text);
    return (labels) => labels[key] === undefined;
  }
  const key = checkedKey(part, text);
  return (labels) => labels[key] !== undefined;
}

/** A missing label is not in any set: it satisfies `!=` and `notin`. */
function membership(key: string, wanted: boolean, values: readonly string[]): Requirement {
  return (labels) => {
    const value = labels[key];
    return (value !== undefined && values.includes(value)) === wanted;
  };
}

function checkedKey(key: string, text: string): string {
  if (!keyPattern.test(key))
    throw badRequest(`unable to parse requirement: invalid label key in ${JSON.stringify(text)}`);
  return key;
}

/** Whether a `LabelSelector` selects these labels. An empty selector selects all, a missing one nothing. */
export function selectorMatches(selector: unknown, labels: Labels | undefined): boolean {
  if (!isMap(selector)) return false;
  const own = labels ?? {};
  for (const [key, value] of Object.entries(isMap(selector['matchLabels']) ? selector['matchLabels'] : {}))
    if (own[key] !== value) return false;
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  return expressions.filter(isMap).every((expression) => expressionMatches(expression, own));
}

function expressionMatches({ key, operator, values }: JsonMap, labels: Labels): boolean {
  const value = labels[String(key)];
  const listed = value !== undefined && Array.isArray(values) && values.includes(value);
  switch (operator) {
    case 'In':
      return listed;
    case 'NotIn':
      return !listed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/**
 * `a.b=c,d!=e` over the fields that a resource can be selected by.
 * @throws {ApiError} 400 for any other field
 */
export function parseFieldSelector(
  text: string,
  supported: readonly string[],
): (object: KubeObject) => boolean {
  const requirements = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part);
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', operator, value = ''] = match;
      if (!supported.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object: KubeObject): boolean => (fieldText(object, field) === value) === (operator !== '!=');
    });
  return (object) => requirements.every((matches) => matches(object));
}

function fieldText(object: KubeObject, field: string): string {
  let value: unknown = object;
  for (const key of field.split('.')) value = isMap(value) ? value[key] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
