import type { CleanResult } from '../../src/contract/index.ts';
import { fromWire } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';
import { formatLines } from '../output/text.ts';

export interface CleanOptions {
  allNamespaces?: boolean;
  force?: boolean;
  yes?: boolean;
  /** Seconds. */
  timeout: number;
}

/** `tp clean`: shows what there is of tp, and removes it with --yes. */
export async function clean(cli: CliContext, options: CleanOptions): Promise<void> {
  const request = {
    connection: cli.connection,
    allNamespaces: options.allNamespaces === true,
    remove: options.yes === true,
    force: options.force === true,
    timeoutSeconds: options.timeout,
  };
  const { result } = await cli.withProgress((onProgress) =>
    cli.client.call('clean', request, { signal: cli.signal, onProgress }),
  );
  await cli.print(result, () => format(result, request.remove));
  const failed = result.namespaces.find(({ error }) => error !== undefined);
  if (failed?.error !== undefined) throw fromWire(failed.error);
}

function format({ namespaces }: CleanResult, isRemoved: boolean): string {
  const lines = namespaces.flatMap(({ namespace, removed, left, error }) => [
    ...removed.map((object) => `Removed: ${namespace} ${object}`),
    ...left.map(({ object, usedBy }) => {
      const users = usedBy.length === 0 ? '' : ` (in use: ${usedBy.join(', ')})`;
      return `${isRemoved ? 'Kept' : 'Found'}: ${namespace} ${object}${users}`;
    }),
    ...(error === undefined ? [] : [`Failed: ${namespace}: ${error.message}`]),
  ]);
  if (lines.length === 0) return 'Nothing of tp found\n';
  return formatLines(isRemoved ? lines : [...lines, 'Nothing was changed. To remove it, add --yes']);
}
