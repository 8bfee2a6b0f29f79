import type { CliContext } from '../context.ts';
import { formatLines } from '../output/text.ts';

/** `tp leave NAME` */
export async function leave(cli: CliContext, name: string): Promise<void> {
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('leave', { connection: cli.connection, name }, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, () => formatLines([`Left ${result.name}${describeRest(result.openConnections)}`]));
}

function describeRest(openConnections: number): string {
  if (openConnections === 0) return '';
  const rest = openConnections === 1 ? '1 connection goes' : `${openConnections} connections go`;
  return `; ${rest} on at the local process to the end`;
}
