import { describeRule, type ExplainResult, type SampleRequest } from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { formatTable, oneLine } from '../output/text.ts';

export interface ExplainOptions {
  header?: SampleRequest['fields'];
}

const verdicts = { 'gets-it': 'gets it', late: 'matches, too late', 'no-match': 'does not match' } as const;

/** `tp explain NAME REQUEST`: who would get this request, and why. */
export async function explain(
  cli: CliContext,
  name: string,
  text: string,
  { header = [] }: ExplainOptions,
): Promise<void> {
  const request = { connection: cli.connection, name, request: toSample(text, header) };
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('explain', request, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, () => formatResult(result));
}

/** Reads `[METHOD] TARGET`. @throws {USAGE_INVALID_OPTION} */
function toSample(text: string, fields: SampleRequest['fields']): SampleRequest {
  const [, method = 'GET', target = ''] = /^(?:([A-Za-z]+) +)?(\/\S*|https?:\/\/\S+)$/.exec(text) ?? [];
  if (target === '')
    raise('USAGE_INVALID_OPTION', {
      option: 'REQUEST',
      value: text,
      expected: "a method and a path, such as 'GET /cart?id=1'",
    });
  return { method: method.toUpperCase(), target, fields };
}

function formatResult({ workload, ports }: ExplainResult): string {
  if (ports.length === 0) return `Nobody intercepts ${oneLine(workload)}: its own pods answer\n`;
  return ports
    .map(({ port, asked }) => {
      const rows = asked.map(({ holder, rule, verdict }) => [
        holder,
        rule === undefined ? 'all that is left' : describeRule(rule),
        verdicts[verdict],
      ]);
      const winner = asked.find(({ verdict }) => verdict === 'gets-it');
      const answer = winner === undefined ? 'the pods: no rule matches' : winner.holder;
      return [
        `Port ${port} of ${oneLine(workload)}: the request goes to ${oneLine(answer)}\n`,
        formatTable(['ASKED IN THIS ORDER', 'REQUESTS', 'VERDICT'], rows),
      ].join('');
    })
    .join('\n');
}
