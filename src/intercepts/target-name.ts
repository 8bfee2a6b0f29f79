/** How people name what they want to intercept: `web`, `svc/web`, `deployment/web`, `sts/web`, `deployment.apps/web`. */
import { raise } from '../errors/index.ts';
import { workloadKindNames, workloadKinds, type WorkloadKind } from './workload.ts';

export interface TargetName {
  /** Undefined when only the name was given. */
  kind: 'Service' | WorkloadKind | undefined;
  name: string;
}

const kindsByName = new Map<string, 'Service' | WorkloadKind>([
  ['svc', 'Service'],
  ['service', 'Service'],
  ['services', 'Service'],
  ...workloadKindNames.flatMap((kind) =>
    [workloadKinds[kind].short, ...workloadKinds[kind].aliases].map((alias) => [alias, kind] as const),
  ),
]);

/** @throws {USAGE_INVALID_OPTION} when the part before the slash is no kind that can be intercepted */
export function parseTargetName(text: string): TargetName {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  if (slash < 0 && name !== '') return { kind: undefined, name };
  // kubectl prints `deployment.apps/web`.
  const kind = kindsByName.get(
    text
      .slice(0, slash)
      .toLowerCase()
      .replace(/\.apps$/, ''),
  );
  if (kind === undefined || name === '')
    raise('USAGE_INVALID_OPTION', {
      option: 'NAME',
      value: text,
      expected: 'a service or workload such as web, svc/web, deploy/web, sts/web, ds/web, rs/web or pod/web',
    });
  return { kind, name };
}

/** At most so many names are suggested; more would hide the message. */
const SUGGESTION_LIMIT = 3;

/** Returns those of `labels` (`svc/web`) whose name could be a slip for `name`, nearest first. */
export function findSimilar(name: string, labels: readonly string[]): string[] {
  const scored = labels.flatMap((label) => {
    const candidate = label.slice(label.indexOf('/') + 1);
    const distance = editDistance(name, candidate);
    const isPart = candidate.includes(name) || name.includes(candidate);
    return isPart || distance <= Math.ceil(name.length / 3) ? [{ label, distance }] : [];
  });
  return scored
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTION_LIMIT)
    .map(({ label }) => label);
}

/** Levenshtein distance: insertions, deletions and replacements that make `b` out of `a`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 0; row < a.length; row += 1) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (previous[column] ?? 0) + (a[row] === b[column] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
