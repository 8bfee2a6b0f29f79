import type { QuitResult } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';
import { formatLines } from '../output/text.ts';

const POLL_MS = 20;
/** The daemon gives its operations 5 s to end (docs/LIMITS.md). */
const END_TIMEOUT_MS = 10_000;

/** `tp quit`: one connection where one is named, else all of them and the daemon. */
export async function quit(cli: CliContext): Promise<void> {
  const { context, namespace, kubeconfig } = cli.options;
  const isNamed = context !== undefined || namespace !== undefined || kubeconfig !== undefined;
  const answer = await cli.client.callRunning('quit', isNamed ? { connection: cli.connection } : {}, {
    signal: cli.signal,
  });
  if (answer !== undefined && !isNamed) await waitForEnd(cli);
  const result: QuitResult = answer?.result ?? { ended: [] };
  await cli.print(result, () => {
    if (answer === undefined) return 'Nothing to end: no daemon runs\n';
    const ended = result.ended.map((name) => `Ended ${name}`);
    return formatLines(isNamed ? ended : [...ended, 'The daemon has ended']);
  });
}

/** Waits until the daemon answers no more, so that the next command starts a new one instead of finding this one dying. */
async function waitForEnd({ client, clock, signal }: CliContext): Promise<void> {
  const deadlineMs = clock.monotonicMs() + END_TIMEOUT_MS;
  for (;;) {
    // One that is cut off in the middle of its answer ends right now.
    const answer = await client.callRunning('status', {}, { signal }).catch(() => undefined);
    if (answer === undefined || clock.monotonicMs() > deadlineMs) return;
    await clock.sleep(POLL_MS, { signal });
  }
}
