/**
 * Kubeconfig files: which ones count, how several become one, and what a context of the result means. The rules are
 * kubectl's. Written by hand because client-node 1.4.0 refuses two files that define the same name, takes the last
 * current context instead of the first, and does not know `tokenFile`, `as-groups` and relative `exec` commands.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { raise } from '../errors/index.ts';

/** A mapping of the file, fields not yet checked. */
export type Entry = Readonly<Record<string, unknown>>;

/** One or several files, merged. */
export interface Kubeconfig {
  /** The files, for error messages. */
  source: string;
  currentContext: string | undefined;
  contexts: ReadonlyMap<string, Entry>;
  clusters: ReadonlyMap<string, Entry>;
  users: ReadonlyMap<string, Entry>;
}

/**
 * Reads the text of the file at `path`. Relative file names in it become absolute, seen from its folder.
 * @throws KUBECONFIG_INVALID
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    const [reason = 'not YAML'] = (error as Error).message.split('\n');
    raise('KUBECONFIG_INVALID', { path, reason }, { cause: error });
  }
  document ??= {};
  if (!isEntry(document)) raise('KUBECONFIG_INVALID', { path, reason: 'not a YAML mapping' });
  const root = document;
  const named = (field: string, files: readonly string[]): Map<string, Entry> =>
    readNamedEntries(root[`${field}s`], field, path, (entry) => makeAbsolute(entry, files, dirname(path)));
  return {
    source: path,
    currentContext: textOf(root, 'current-context'),
    contexts: named('context', []),
    clusters: named('cluster', ['certificate-authority']),
    users: named('user', ['client-certificate', 'client-key', 'tokenFile']),
  };
}

/** Merges as kubectl does: for each name, and for the current context, the first file that has it wins. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  // Later entries of a Map replace earlier ones, so the first file goes in last.
  const merge = (select: (config: Kubeconfig) => ReadonlyMap<string, Entry>): Map<string, Entry> =>
    new Map(configs.toReversed().flatMap((config) => [...select(config)]));
  return {
    source: configs.map((config) => config.source).join(delimiter),
    currentContext: configs.find((config) => config.currentContext !== undefined)?.currentContext,
    contexts: merge((config) => config.contexts),
    clusters: merge((config) => config.clusters),
    users: merge((config) => config.users),
  };
}

function readNamedEntries(
  list: unknown,
  field: string,
  path: string,
  transform: (entry: Entry) => Entry,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (list === undefined || list === null) return entries;
  if (!Array.isArray(list)) raise('KUBECONFIG_INVALID', { path, reason: `"${field}s" is not a list` });
  for (const item of list as unknown[]) {
    const name = isEntry(item) ? textOf(item, 'name') : undefined;
    if (!isEntry(item) || name === undefined) {
      raise('KUBECONFIG_INVALID', { path, reason: `an entry of "${field}s" has no name` });
    }
    if (!entries.has(name)) entries.set(name, transform(entryOf(item, field) ?? {}));
  }
  return entries;
}

function makeAbsolute(entry: Entry, fields: readonly string[], folder: string): Entry {
  const absolute: Record<string, unknown> = { ...entry };
  for (const field of fields) {
    const file = textOf(entry, field);
    if (file !== undefined) absolute[field] = resolve(folder, file);
  }
  const exec = entryOf(entry, 'exec');
  const command = exec === undefined ? undefined : textOf(exec, 'command');
  // A bare name is looked up in PATH; only a path is relative to the file.
  if (command !== undefined && /[/\\]/.test(command)) {
    absolute['exec'] = { ...exec, command: resolve(folder, command) };
  }
  return absolute;
}

/** The files to read when none is named: KUBECONFIG (a list) or `~/.kube/config`; missing ones are to be skipped. */
export function defaultPaths(
  environment: Readonly<NodeJS.ProcessEnv>,
  { cwd, home }: { cwd: string; home: string },
): string[] {
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length === 0) return [join(home, '.kube', 'config')];
  return [...new Set(listed.map((path) => resolve(cwd, path)))];
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field as text; undefined when it is absent or empty. A number counts as the text it was written as. */
export function textOf(entry: Entry, field: string): string | undefined {
  const value = entry[field];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function entryOf(entry: Entry, field: string): Entry | undefined {
  const value = entry[field];
  return isEntry(value) ? value : undefined;
}
