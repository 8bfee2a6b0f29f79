import { VERSION } from '../../src/contract/index.ts';
import { toToolError } from '../../src/errors/index.ts';
import type { CliContext } from '../context.ts';

export interface VersionOutput {
  client: { version: string; node: string };
  /** Null when no daemon runs or it does not answer. */
  daemon: { version: string; apiVersion: number; pid: number } | null;
}

/** `tp version`: never fails, whatever else is wrong. */
export async function version(cli: CliContext): Promise<void> {
  const output: VersionOutput = { client: { version: VERSION, node: process.versions.node }, daemon: null };
  let state = 'not running';
  try {
    const answer = await cli.client.callRunning('status', {}, { signal: cli.signal });
    if (answer !== undefined) {
      const { version: daemonVersion, apiVersion, pid } = answer.result;
      output.daemon = { version: daemonVersion, apiVersion, pid };
      state = daemonVersion;
    }
  } catch (error) {
    state = toToolError(error).message;
  }
  await cli.print(output, () => `Client: ${VERSION} (Node ${output.client.node})\nDaemon: ${state}\n`);
}
