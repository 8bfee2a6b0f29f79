import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { importsOf, readImports, type ImportEdge } from '../support/import-graph.ts';

interface ModuleRules {
  layer: number;
  imports: string[];
  packages: string[];
  builtins: string[];
}

const { modules } = JSON.parse(await readFile('test/architecture/layers.json', 'utf8')) as {
  modules: Record<string, ModuleRules>;
};
const edges = await readImports(['src', 'agent', 'cli']);

/** The module of a file: its longest prefix in layers.json. */
function moduleOf(file: string): string | undefined {
  return Object.keys(modules)
    .filter((name) => file.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function isFile(target: string): boolean {
  return target.endsWith('.ts');
}

function describe(edge: ImportEdge): string {
  return `${edge.from} imports ${edge.to}`;
}

test('importsOf() finds static, type-only, re-exporting and dynamic imports', () => {
  const source = [
    "import { a } from './b.ts';",
    "import type { C } from '../c/index.ts';",
    "export * from './d.ts';",
    "import 'node:net';",
    "const e = await import('@kubernetes/client-node');",
    'export {',
    '  f,',
    "} from './f.ts';",
  ].join('\n');
  assert.deepEqual(
    importsOf('src/x/a.ts', source).map(({ to, isTypeOnly }) => [to, isTypeOnly]),
    [
      ['src/x/b.ts', false],
      ['src/c/index.ts', true],
      ['src/x/d.ts', false],
      ['node:net', false],
      ['src/x/f.ts', false],
      ['@kubernetes/client-node', false],
    ],
  );
});

test('every file belongs to a module of layers.json', () => {
  const strangers = new Set(edges.map(({ from }) => from).filter((file) => moduleOf(file) === undefined));
  assert.deepEqual([...strangers], []);
});

test('a module imports only what layers.json allows, and only lower layers', () => {
  const violations = edges.filter(({ from, to }) => {
    const [source, target] = [moduleOf(from), isFile(to) ? moduleOf(to) : undefined];
    if (source === undefined || target === undefined || source === target) return false;
    const rules = modules[source] as ModuleRules;
    const isAllowed = rules.imports.includes('*') || rules.imports.includes(target);
    return !isAllowed || (modules[target] as ModuleRules).layer >= rules.layer;
  });
  assert.deepEqual(violations.map(describe), []);
});

test('across modules only an index or a lighter entry is imported', () => {
  const violations = edges.filter(({ from, to }) => {
    if (!isFile(to) || moduleOf(from) === moduleOf(to)) return false;
    // `protocol` has one index for each specification.
    return !/\/(index|definition)\.ts$/.test(to);
  });
  assert.deepEqual(violations.map(describe), []);
});

test('npm packages are imported by their owners only', () => {
  const violations = edges.filter(({ from, to }) => {
    if (isFile(to) || to.startsWith('node:')) return false;
    const rules = modules[moduleOf(from) ?? ''];
    return rules?.packages.includes(to) !== true;
  });
  assert.deepEqual(violations.map(describe), []);
});

test('pure modules use no built-in module that does I/O', () => {
  const violations = edges.filter(({ from, to }) => {
    if (!to.startsWith('node:')) return false;
    const { builtins } = modules[moduleOf(from) ?? ''] as ModuleRules;
    return !builtins.includes('*') && !builtins.includes(to);
  });
  assert.deepEqual(violations.map(describe), []);
});

test('only core/clock.ts sets timers in pure modules', async () => {
  for (const { from } of edges) {
    if (!/^src\/(core|protocol|contract)\//.test(from) || from === 'src/core/clock.ts') continue;
    assert.doesNotMatch(await readFile(from, 'utf8'), /\b(setTimeout|setInterval)\(/, from);
  }
});

test('no import cycles', () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, isTypeOnly } of edges)
    if (isFile(to) && !isTypeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path, file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

test('no module is called util, helpers, common or misc', () => {
  const vague = edges.filter(({ from }) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(from));
  assert.deepEqual(
    vague.map(({ from }) => from),
    [],
  );
});
