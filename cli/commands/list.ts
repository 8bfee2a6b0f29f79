import { describeRule, type WorkloadSummary } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';
import { formatTable } from '../output/text.ts';

/** `tp list` */
export async function list(cli: CliContext): Promise<void> {
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('list', { connection: cli.connection }, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, () => formatList(result));
}

function formatList(workloads: readonly WorkloadSummary[]): string {
  if (workloads.length === 0) return 'No workloads in this namespace\n';
  return formatTable(
    ['WORKLOAD', 'READY', 'SERVICES', 'AGENT', 'INTERCEPTED BY'],
    workloads.map(({ workload, replicas, services, agent, interceptedBy }) => [
      workload,
      `${replicas.ready}/${replicas.wanted}`,
      services.map(({ name, ports }) => `${name}:${ports.join(',')}`).join(' '),
      agent,
      interceptedBy.map(describeIntercept).join('; '),
    ]),
  );
}

function describeIntercept({ holder, ports, rule }: WorkloadSummary['interceptedBy'][number]): string {
  const place = `${holder} (${ports.join(',')})`;
  return rule === undefined ? place : `${place}: ${describeRule(rule)}`;
}
