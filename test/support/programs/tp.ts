/** The `tp` command as a process, with the daemon's program from `TP_TEST_DAEMON`. */
import { run } from '../../../cli/run.ts';
import { createSignals } from '../../../cli/held/signals.ts';
import { systemClock } from '../../../src/core/index.ts';

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  workingDirectory: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  daemonProgram: process.env['TP_TEST_DAEMON'] ?? '',
  signals: createSignals({ source: process, exit: (code) => process.exit(code) }),
});
