/** Names, labels and annotations. */
import type { FieldError, KubeObject } from '../../store/index.ts';
import type { ResourceDefinition } from '../resources.ts';

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Bytes of all annotations of one object. */
export const maximumAnnotationBytes: number = 256 * 1024;

const subdomainWords =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelWords =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const serviceWords =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

export function isLabel(text: string): boolean {
  return label.test(text);
}

export function labelError(field: string, value: string): FieldError {
  return { type: 'invalid', field, value, detail: labelWords };
}

export function validateMetadata(
  { plural, group, namespaced }: ResourceDefinition,
  object: KubeObject,
): FieldError[] {
  const { name = '', namespace, labels = {}, annotations = {} } = object.metadata;
  const errors: FieldError[] = [];
  if (name === '')
    errors.push({ type: 'required', field: 'metadata.name', detail: 'name or generateName is required' });
  else errors.push(...nameErrors(plural, group, name));
  if (namespaced && (namespace ?? '') === '') errors.push({ type: 'required', field: 'metadata.namespace' });
  errors.push(...validateLabels(labels, 'metadata.labels'));
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += key.length + value.length;
    if (!isQualifiedName(key.toLowerCase())) errors.push(keyError('metadata.annotations', key));
  }
  if (bytes > maximumAnnotationBytes)
    errors.push({
      type: 'invalid',
      field: 'metadata.annotations',
      detail: `must have at most ${maximumAnnotationBytes} bytes`,
    });
  return errors;
}

function nameErrors(plural: string, group: string, name: string): FieldError[] {
  const error = (detail: string): FieldError[] => [
    { type: 'invalid', field: 'metadata.name', value: name, detail },
  ];
  // RBAC's names may be anything that is one segment of a path.
  if (group === 'rbac.authorization.k8s.io')
    return /[/%]/.test(name) ? error("may not contain '/' or '%'") : [];
  if (plural === 'services') return /^[a-z]/.test(name) && isLabel(name) ? [] : error(serviceWords);
  if (plural === 'namespaces') return isLabel(name) ? [] : error(labelWords);
  if (name.length > 253) return error('must be no more than 253 characters');
  return subdomain.test(name) ? [] : error(subdomainWords);
}

/** @param field the path of the labels */
export function validateLabels(labels: object, field: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]: [string, unknown]): FieldError[] => {
    const errors: FieldError[] = [];
    if (!isQualifiedName(key)) errors.push(keyError(field, key));
    if (typeof value !== 'string' || !labelValue.test(value))
      errors.push({
        type: 'invalid',
        field,
        value,
        detail:
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      });
    return errors;
  });
}

function isQualifiedName(key: string): boolean {
  const [first = '', second, ...rest] = key.split('/');
  if (rest.length > 0) return false;
  if (second === undefined) return qualifiedName.test(first);
  return first.length <= 253 && subdomain.test(first) && qualifiedName.test(second);
}

function keyError(field: string, value: string): FieldError {
  return {
    type: 'invalid',
    field,
    value,
    detail:
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  };
}
