import type { DoctorReport } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';
import { formatNote } from '../output/error.ts';
import type { Colours } from '../output/terminal.ts';
import { formatTable, oneLine } from '../output/text.ts';

/** `tp doctor NAME` */
export async function doctor(cli: CliContext, name: string): Promise<void> {
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('doctor', { connection: cli.connection, name }, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, (colours) => formatReport(result, colours));
}

function formatReport(report: DoctorReport, colours: Colours): string {
  const { target, workload, serverVersion, ports, missingRights, findings } = report;
  const parts = [`${oneLine(target)} is ${oneLine(workload)}, Kubernetes ${oneLine(serverVersion)}\n`];
  for (const { port, choices } of ports) {
    const rows = choices.map((choice) => [
      choice.chosen ? 'chosen' : choice.possible ? 'possible' : 'impossible',
      choice.attach,
      choice.redirect,
      choice.restart,
      choice.privilege,
      choice.covers,
      choice.reason,
    ]);
    parts.push(
      `\nPort ${oneLine(port)}\n`,
      formatTable(['CHOICE', 'ATTACH', 'REDIRECT', 'RESTART', 'PRIVILEGE', 'COVERS', 'REASON'], rows),
    );
  }
  if (missingRights.length > 0) {
    const rows = missingRights.map((right) => [right.verb, right.resource, right.namespace, right.action]);
    parts.push('\nMissing rights\n', formatTable(['VERB', 'RESOURCE', 'NAMESPACE', 'NEEDED TO'], rows));
  }
  if (findings.length > 0) parts.push('\n', ...findings.map((finding) => formatNote(finding, colours)));
  return parts.join('');
}
