/** The refusals of the API server, each as a `Status` in the words of Kubernetes. */
import { ApiError } from './api-error.ts';

/** What a refusal is about: the resource, and where known the object. */
export interface Subject {
  group: string;
  plural: string;
  kind: string;
  name?: string;
}

/** One thing wrong with an object. The types are those of Kubernetes' field errors. */
export interface FieldError {
  type: keyof typeof fieldErrorReasons;
  /** As in `spec.containers[0].name`. */
  field: string;
  detail?: string;
  value?: unknown;
}

const fieldErrorReasons = {
  required: ['FieldValueRequired', 'Required value'],
  invalid: ['FieldValueInvalid', 'Invalid value'],
  unsupported: ['FieldValueNotSupported', 'Unsupported value'],
  duplicate: ['FieldValueDuplicate', 'Duplicate value'],
  forbidden: ['FieldValueForbidden', 'Forbidden'],
  notFound: ['FieldValueNotFound', 'Not found'],
} as const;

interface Details {
  name?: string;
  group?: string;
  kind?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

export function refusal(code: number, reason: string, message: string, details?: Details): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

function detailsOf({ group, plural, name }: Subject): Details {
  return { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural };
}

/** `pods`, or with its group `deployments.apps`. */
export function qualified(word: string, group: string): string {
  return group === '' ? word : `${word}.${group}`;
}

const titled = (subject: Subject): string =>
  `${qualified(subject.plural, subject.group)} ${JSON.stringify(subject.name ?? '')}`;

export const notFound = (subject: Subject): ApiError =>
  refusal(404, 'NotFound', `${titled(subject)} not found`, detailsOf(subject));

export const alreadyExists = (subject: Subject): ApiError =>
  refusal(409, 'AlreadyExists', `${titled(subject)} already exists`, detailsOf(subject));

export const conflict = (subject: Subject, why: string = modified): ApiError =>
  refusal(409, 'Conflict', `Operation cannot be fulfilled on ${titled(subject)}: ${why}`, detailsOf(subject));

const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

export const badRequest = (message: string): ApiError => refusal(400, 'BadRequest', message);

export const expired = (message: string): ApiError => refusal(410, 'Expired', message);

export const unauthorized = (): ApiError => refusal(401, 'Unauthorized', 'Unauthorized');

export const pathNotFound = (): ApiError =>
  refusal(404, 'NotFound', 'the server could not find the requested resource');

export const methodNotAllowed = (): ApiError =>
  refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');

export const tooManyRequests = (message: string, retryAfterSeconds: number): ApiError =>
  refusal(429, 'TooManyRequests', message, { retryAfterSeconds });

export const internalError = (message: string): ApiError =>
  refusal(500, 'InternalError', `Internal error occurred: ${message}`);

/** @param why follows the colon */
export function forbidden(subject: Subject, why: string): ApiError {
  const what = subject.name === undefined ? qualified(subject.plural, subject.group) : titled(subject);
  return refusal(403, 'Forbidden', `${what} is forbidden: ${why}`, detailsOf(subject));
}

export function invalid(subject: Subject, errors: readonly FieldError[]): ApiError {
  const causes = errors.map((error) => {
    const [reason, words] = fieldErrorReasons[error.type];
    const shown = error.value === undefined ? '' : `: ${JSON.stringify(error.value)}`;
    const detail = error.detail === undefined ? '' : `: ${error.detail}`;
    return { reason, message: `${words}${shown}${detail}`, field: error.field };
  });
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const list = texts.length === 1 ? String(texts[0]) : `[${texts.join(', ')}]`;
  const kind = qualified(subject.kind, subject.group);
  return refusal(422, 'Invalid', `${kind} ${JSON.stringify(subject.name ?? '')} is invalid: ${list}`, {
    ...detailsOf(subject),
    kind: subject.kind,
    causes,
  });
}
