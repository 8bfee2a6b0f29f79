/**
 * The personal keys of a request. A service that knows nothing of `tp` passes on the fields of its tracing library, so the
 * key is looked for in each of them, under the name `tp`:
 *
 * - `x-tp-key: KEY`, and `kubernetes-route-as: KEY` of Bridge to Kubernetes;
 * - `baggage: tp=KEY`, W3C Baggage §3.3, as OpenTelemetry passes it on;
 * - `tracestate: tp=KEY`, W3C Trace Context §3.3;
 * - `uberctx-tp: KEY` and `jaeger-baggage: tp=KEY`, Jaeger's client libraries;
 * - `baggage-tp: KEY`, Zipkin's (B3) libraries;
 * - `ot-baggage-tp: KEY`, Datadog's and other OpenTracing libraries.
 */
import type { Field } from '../protocol/http1/index.ts';

const MEMBER = 'tp';

/** Fields whose value is the key. */
const plainFields: ReadonlySet<string> = new Set([
  'x-tp-key',
  'kubernetes-route-as',
  `uberctx-${MEMBER}`,
  `baggage-${MEMBER}`,
  `ot-baggage-${MEMBER}`,
]);
/** Fields that are a list of `name=value`. */
const listFields: ReadonlySet<string> = new Set(['baggage', 'tracestate', 'jaeger-baggage']);

export function personalKeys(fields: readonly Field[]): Set<string> {
  const keys = new Set<string>();
  for (const { name, value } of fields) {
    if (plainFields.has(name)) keys.add(decode(value));
    else if (listFields.has(name)) for (const key of membersOf(value)) keys.add(key);
  }
  keys.delete('');
  return keys;
}

/** The values of the members `tp`, without the properties that baggage allows behind a semicolon. */
function membersOf(list: string): string[] {
  return list.split(',').flatMap((member) => {
    const [pair = ''] = member.split(';');
    const equals = pair.indexOf('=');
    return equals > 0 && trim(pair.slice(0, equals)) === MEMBER ? [decode(trim(pair.slice(equals + 1)))] : [];
  });
}

/** HTTP's optional whitespace. */
function trim(text: string): string {
  return text.replace(/^[\t ]+|[\t ]+$/g, '');
}

/** Values are percent-encoded in most of these; no key has a character that would be changed by that. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
