import { raise } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { formatLines } from '../output/text.ts';

export interface UninstallOptions {
  all?: boolean;
  yes?: boolean;
  /** Seconds. */
  timeout: number;
}

/** `tp uninstall NAME` and `tp uninstall --all` */
export async function uninstall(
  cli: CliContext,
  name: string | undefined,
  options: UninstallOptions,
): Promise<void> {
  if ((name === undefined) !== (options.all === true))
    raise('USAGE_INVALID', { reason: 'Name either a workload or --all, which means the whole namespace' });
  const request = {
    connection: cli.connection,
    name,
    timeoutSeconds: options.timeout,
    confirmed: options.yes === true,
  };
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('uninstall', request, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, () =>
    result.removed.length === 0
      ? 'Nothing of tp found\n'
      : formatLines(result.removed.map((object) => `Undone: ${object}`)),
  );
}
