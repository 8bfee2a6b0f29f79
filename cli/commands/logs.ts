import type { AgentLogLine } from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { formatLogEntry } from '../logs/entry.ts';
import { followFile, readTail } from '../logs/tail.ts';
import { oneLine } from '../output/text.ts';

export interface LogsOptions {
  tail: number;
  follow?: boolean;
}

/** `tp logs` shows the daemon's log, also of one that no longer runs; `tp logs NAME` the logs of a workload's agents. */
export async function logs(cli: CliContext, name: string | undefined, options: LogsOptions): Promise<void> {
  if (options.follow === true && cli.options.output !== 'text')
    raise('USAGE_INVALID', { reason: 'A log can be followed only as text' });
  await (name === undefined ? showDaemonLog(cli, options) : showAgentLogs(cli, name, options));
}

async function showDaemonLog(cli: CliContext, { tail, follow }: LogsOptions): Promise<void> {
  const { logFile } = cli.client.paths;
  const { lines, endOffset } = await readTail(logFile, tail);
  await cli.print({ logFile, lines }, () => lines.map((line) => `${formatLogEntry(line)}\n`).join(''));
  if (follow !== true) return;
  for await (const line of followFile(logFile, endOffset, cli)) cli.stdout.write(`${formatLogEntry(line)}\n`);
}

async function showAgentLogs(
  cli: CliContext,
  name: string,
  { tail, follow = false }: LogsOptions,
): Promise<void> {
  const { result } = await cli.client.call(
    'agent-logs',
    { connection: cli.connection, name, tailLines: tail, follow },
    { signal: cli.signal, onEvent: (line) => cli.stdout.write(formatAgentLine(line)) },
  );
  await cli.print(result, () =>
    result.logs
      .flatMap(({ pod, text }) =>
        text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => formatAgentLine({ pod, line })),
      )
      .join(''),
  );
}

function formatAgentLine({ pod, line }: AgentLogLine): string {
  return `${oneLine(pod)}: ${formatLogEntry(line)}\n`;
}
