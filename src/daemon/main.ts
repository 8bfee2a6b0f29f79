/** The user daemon: sessions, tunnels and everything that outlives a command. Started by the CLI when it is needed. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { VERSION, daemonPaths } from '../contract/index.ts';
import { systemClock } from '../core/index.ts';
import { toToolError } from '../errors/index.ts';
import { createLogger } from '../telemetry/index.ts';
import { startApiServer } from './api-server.ts';
import { createDaemon } from './daemon.ts';

const paths = daemonPaths(process.env);
const logger = createLogger({
  name: 'tp-daemon',
  level: process.env['TP_LOG_LEVEL'] === 'debug' ? 'debug' : 'info',
});
/** Beside this program, which is one bundled file. */
const nativeDirectory = fileURLToPath(new URL(`native/${process.platform}-${process.arch}`, import.meta.url));
// A defect in one connection must not take all sessions with it.
process.on('uncaughtException', (error) => {
  logger.error('unexpected error', { error: error.stack ?? error.message });
});

async function main(): Promise<void> {
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  const daemon = createDaemon({ paths, version: VERSION, nativeDirectory, clock: systemClock, logger });
  const server = await startApiServer({ socketPath: paths.socket, operations: daemon.operations, logger });
  logger.info('daemon started', { version: VERSION, socket: paths.socket });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => daemon.stop());
  await daemon.stopped;
  await server.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const known = toToolError(error);
    logger.error(known.message, { code: known.code });
    process.exit(known.exitCode);
  },
);
