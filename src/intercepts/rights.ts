/** Checks the rights of an operation before anything is changed. */
import { raise } from '../errors/index.ts';
import type { KubeClient, Right } from '../kube/index.ts';
import { rightsTable, type Condition, type Operation, type RightRow } from './rights-table.ts';
import { replacesNoPods, type Workload } from './workload.ts';

export interface RightsContext {
  namespace: string;
  /** Undefined where no workload is involved. */
  workload?: Workload;
  /** Default: false. */
  switchesServices?: boolean;
}

/** The rights without which one of `operations` fails. */
export function requiredRights(operations: readonly Operation[], context: RightsContext): Right[] {
  const rows = operations.flatMap((operation) =>
    rightsTable[operation].filter(
      ({ otherwise, condition }) => otherwise === undefined && applies(condition, context),
    ),
  );
  const rights = rows.flatMap((row) => toRights(row, context.namespace));
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}

function applies(condition: Condition | undefined, { workload, switchesServices }: RightsContext): boolean {
  if (condition === undefined) return true;
  if ('kind' in condition) return condition.kind === workload?.kind;
  return condition.case === 'eviction'
    ? workload !== undefined && replacesNoPods(workload)
    : switchesServices === true;
}

export function toRights({ verbs, group, resource, names }: RightRow, namespace: string): Right[] {
  return verbs.flatMap((verb) =>
    names === undefined
      ? [{ verb, group, resource, namespace }]
      : names.map((name) => ({ verb, group, resource, namespace, name })),
  );
}

/**
 * Checks the rights for `operations` before anything is changed.
 * @param action what the user wants, for the message: `intercept deploy/web`
 * @throws {KUBE_FORBIDDEN} naming each right that is missing
 */
export async function assertRights(
  kube: Pick<KubeClient, 'missingRights'>,
  operations: readonly Operation[],
  { action, signal, ...context }: RightsContext & { action: string; signal: AbortSignal },
): Promise<void> {
  const missing = await kube.missingRights(requiredRights(operations, context), { signal });
  if (missing.length > 0) raise('KUBE_FORBIDDEN', { action, missing: missing.map(describeRight) });
}

/** A right as errors name it; `secrets/tp-ca` for one object. */
export function describeRight({ verb, group, resource, namespace, name }: Right): {
  verb: string;
  resource: string;
  namespace: string;
} {
  const full = group === '' ? resource : `${resource}.${group}`;
  return { verb, resource: name === undefined ? full : `${full}/${name}`, namespace };
}
