import {
  describeRule,
  type ConnectionStatus,
  type DaemonStatus,
  type InterceptStatus,
} from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';
import {
  countPods,
  describeConnection,
  describeLocal,
  describeTraffic,
  formatMissingPods,
} from '../output/connection.ts';
import { formatNote } from '../output/error.ts';
import type { Colours } from '../output/terminal.ts';
import { formatAge, formatLines, formatTable, oneLine } from '../output/text.ts';

/** What `tp status -o json` prints. */
type StatusOutput = ({ running: true } & DaemonStatus) | { running: false; connections: [] };

/** `tp status`: starts no daemon. */
export async function status(cli: CliContext): Promise<void> {
  const answer = await cli.client.callRunning('status', {}, { signal: cli.signal });
  const output: StatusOutput =
    answer === undefined ? { running: false, connections: [] } : { running: true, ...answer.result };
  await cli.print(output, (colours) =>
    answer === undefined
      ? 'Not connected: no daemon runs\n'
      : formatStatus(answer.result, cli.clock.epochMs(), colours),
  );
}

function formatStatus(daemon: DaemonStatus, nowMs: number, colours: Colours): string {
  const { version, pid, logFile, connections } = daemon;
  const blocks = connections.map((connection) => formatConnection(connection, nowMs, colours));
  if (connections.length === 0) blocks.push('Not connected\n');
  blocks.push(formatLines([`Daemon ${version}, process ${pid}, log ${logFile}`]));
  return blocks.join('\n');
}

function formatConnection(connection: ConnectionStatus, nowMs: number, colours: Colours): string {
  const { context, namespace, state, intercepts, warnings, since } = connection;
  const { reconnectingMs } = connection;
  const lost = reconnectingMs === undefined ? '' : `, ${Math.round(reconnectingMs / 1000)} s`;
  const shownState =
    state === 'connected' ? colours.green('Connected') : colours.yellow(`Reconnecting${lost}`);
  const place = oneLine(`${context}, namespace ${namespace}`);
  const parts = [
    `${shownState} to ${place}, since ${formatAge(since, nowMs)}\n`,
    formatLines(describeConnection(connection)),
  ];
  if (intercepts.length > 0) parts.push('\n', formatIntercepts(intercepts, nowMs));
  parts.push(...intercepts.map(formatMissingPods));
  parts.push(...warnings.map((warning) => formatNote(warning, colours)));
  return parts.join('');
}

function formatIntercepts(intercepts: readonly InterceptStatus[], nowMs: number): string {
  return formatTable(
    [
      'INTERCEPT',
      'WORKLOAD',
      'TRAFFIC',
      'LOCAL',
      'REDIRECT',
      'PODS',
      'OPEN',
      'TOTAL',
      'FALLBACKS',
      'AGE',
      'REQUESTS',
    ],
    intercepts.flatMap((intercept) =>
      intercept.ports.map((port) => [
        intercept.name,
        intercept.workload,
        describeTraffic(port),
        describeLocal(port),
        port.redirect,
        countPods(intercept),
        String(intercept.connections.open),
        String(intercept.connections.total),
        String(intercept.connections.fallbacks),
        formatAge(intercept.since, nowMs),
        intercept.rule === undefined ? 'all' : describeRule(intercept.rule),
      ]),
    ),
  );
}
