/** Reads which files import which, as text: enough for rules about modules, and needs no compiler. */
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';

export interface ImportEdge {
  /** Importing file, relative to the repository. */
  from: string;
  /** Imported file relative to the repository, `node:x`, or the name of an npm package. */
  to: string;
  /** Only types are imported, and vanish in the output. */
  isTypeOnly: boolean;
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC_IMPORT = /\bimport\('([^']+)'\)/g;

/** All import edges of the TypeScript files under `folders`. */
export async function readImports(folders: readonly string[]): Promise<ImportEdge[]> {
  const edges: ImportEdge[] = [];
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const from = join(folder, name);
      edges.push(...importsOf(from, await readFile(from, 'utf8')));
    }
  }
  return edges;
}

export function importsOf(from: string, source: string): ImportEdge[] {
  const edge = (specifier: string, isTypeOnly: boolean): ImportEdge => ({
    from,
    to: resolveSpecifier(from, specifier),
    isTypeOnly,
  });
  return [
    ...[...source.matchAll(IMPORT)].map((match) => edge(match[2] ?? '', match[1] !== undefined)),
    ...[...source.matchAll(DYNAMIC_IMPORT)].map((match) => edge(match[1] ?? '', false)),
  ];
}

function resolveSpecifier(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative('.', normalize(join(dirname(from), specifier)));
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
