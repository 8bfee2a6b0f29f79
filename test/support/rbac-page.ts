/** Renders docs/RBAC.md from the table of rights. */
import { operations, rightsTable, type RightRow } from '../../src/intercepts/index.ts';

const titles = {
  find: 'Finding what a name means: every command',
  tunnel: 'The tunnel: `tp connect`, `tp intercept`',
  connect: 'The gateway: `tp connect`',
  intercept: 'The agent: `tp intercept`',
  uninstall: 'The way back: `tp uninstall`, `tp clean`',
} as const;

export function renderRbac(): string {
  return [
    '# Rights',
    '',
    'What a user needs to be allowed in Kubernetes (RBAC), in the namespace that is worked in and nowhere else. Nothing is',
    'installed for the whole cluster. `tp doctor NAME` says which of these rights you lack, and every command checks its own',
    'before it changes anything. This page is made from the table in `src/intercepts/rights-table.ts` by `npm run docs`.',
    '',
    ...operations.flatMap((operation) => [
      `## ${titles[operation]}`,
      '',
      ...renderTable(rightsTable[operation]),
      '',
    ]),
    '## A Role to copy',
    '',
    'It allows all of the above. Bind it to your developers with a RoleBinding in each namespace. Leave out `pods/eviction`,',
    '`serviceaccounts`, `roles` and `rolebindings` where the tables say that something works without them.',
    '',
    '```yaml',
    ...renderRole(),
    '```',
    '',
  ].join('\n');
}

function renderTable(rows: readonly RightRow[]): string[] {
  return [
    '| verbs | resource | what for | needed |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => {
      const { verbs, resource, names = [], purpose } = row;
      const only = names.length === 0 ? '' : ` ${names.map((name) => `\`${name}\``).join(', ')}`;
      return `| ${verbs.join(', ')} | ${resource}${only} | ${purpose} | ${describeNeed(row)} |`;
    }),
  ];
}

function describeNeed({ condition, otherwise }: RightRow): string {
  const who =
    condition === undefined
      ? ''
      : 'kind' in condition
        ? `for ${condition.kind}s`
        : condition.case === 'service-switch'
          ? 'for Services with a numeric target port'
          : 'for ReplicaSets, and where updateStrategy is OnDelete';
  if (otherwise === undefined) return who === '' ? 'always' : who;
  return `${who === '' ? '' : `${who}; `}without it ${otherwise}`;
}

/** One rule for each resource and set of names, with all verbs that some operation needs. */
function renderRole(): string[] {
  const rules = new Map<string, { row: RightRow; verbs: Set<string> }>();
  for (const row of Object.values(rightsTable).flat()) {
    const key = `${row.group} ${row.resource} ${row.names?.join() ?? ''}`;
    const rule = rules.get(key) ?? { row, verbs: new Set<string>() };
    for (const verb of row.verbs) rule.verbs.add(verb);
    rules.set(key, rule);
  }
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    'metadata:',
    '  name: tp-developer',
    'rules:',
    ...[...rules.values()].flatMap(({ row: { group, resource, names }, verbs }) => [
      `  - apiGroups: ['${group}']`,
      `    resources: [${resource}]`,
      ...(names === undefined ? [] : [`    resourceNames: [${names.join(', ')}]`]),
      `    verbs: [${[...verbs].join(', ')}]`,
    ]),
  ];
}
