/** The names that a word can be completed with: from the daemon if one is connected, and from the kubeconfig. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { ConnectionSelector } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';
import type { Candidate, Completion } from './complete.ts';

/** Somebody waits with a finger on the key: later names are of no use. */
const NAMES_TIMEOUT_MS = 1_500;

/** Finds what {@link Completion.wanted} asks for. Never fails: no names are an answer. */
export async function findNames(cli: CliContext, completion: Completion): Promise<Candidate[]> {
  const controller = new AbortController();
  const timeout = cli.clock.after(NAMES_TIMEOUT_MS, () => controller.abort());
  try {
    const names = await findAll(cli, completion, controller.signal);
    return names.filter(({ value }) => value.startsWith(completion.prefix));
  } catch {
    return [];
  } finally {
    timeout.cancel();
  }
}

async function findAll(cli: CliContext, completion: Completion, signal: AbortSignal): Promise<Candidate[]> {
  switch (completion.wanted) {
    case 'target':
      return findTargets(cli, completion, signal);
    case 'intercept':
      return findIntercepts(cli, signal);
    case 'context':
      return findContexts(cli, completion.values.get('--kubeconfig'));
    case 'file':
    case undefined:
      return [];
  }
}

async function findIntercepts(cli: CliContext, signal: AbortSignal): Promise<Candidate[]> {
  const answer = await cli.client.callRunning('status', {}, { signal });
  const intercepts = answer?.result.connections.flatMap((connection) => connection.intercepts) ?? [];
  return intercepts.map(({ name, workload }) => ({ value: name, description: workload }));
}

async function findTargets(
  cli: CliContext,
  { values, prefix }: Completion,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const status = await cli.client.callRunning('status', {}, { signal });
  // Nobody who presses a key wants to be connected by that.
  if (status === undefined || status.result.connections.length === 0) return [];
  const connection: ConnectionSelector = {
    ...cli.connection,
    context: values.get('--context')?.at(-1),
    namespace: values.get('--namespace')?.at(-1),
    kubeconfig: values.get('--kubeconfig'),
  };
  const answer = await cli.client.callRunning('list', { connection }, { signal });
  const kind = prefix.startsWith('svc/') ? 'svc/' : '';
  return (answer?.result ?? []).flatMap(({ workload, services }) => [
    ...services.map(({ name }) => ({ value: kind + name, description: `Service of ${workload}` })),
    { value: workload, description: 'workload' },
  ]);
}

async function findContexts(cli: CliContext, files: string[] | undefined): Promise<Candidate[]> {
  const { parse } = await import('yaml');
  const variable = cli.environment['KUBECONFIG'] ?? '';
  const home = cli.environment['HOME'] ?? homedir();
  const paths = files ?? (variable === '' ? [join(home, '.kube', 'config')] : variable.split(delimiter));
  const names = new Set<string>();
  for (const path of paths) {
    const text = await readFile(resolve(cli.workingDirectory, path), 'utf8').catch(() => '');
    const { contexts = [] } = (parse(text) ?? {}) as { contexts?: { name?: string }[] };
    for (const { name } of contexts) if (name !== undefined) names.add(name);
  }
  return [...names].map((value) => ({ value, description: 'context' }));
}
