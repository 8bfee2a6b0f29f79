/** The `tp` command: gives the process to {@link run}. */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/core/index.ts';
import { createSignals } from './held/signals.ts';
import { run } from './run.ts';

// The reader of a pipe may leave before we have written all, as in `tp list | head -1`: then nobody is interested.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  workingDirectory: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  daemonProgram: fileURLToPath(new URL('daemon.mjs', import.meta.url)),
  signals: createSignals({ source: process, exit: (code) => process.exit(code) }),
});
