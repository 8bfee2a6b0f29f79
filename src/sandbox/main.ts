/** The program behind `tp sandbox`: `sandbox.mjs host|server ORDER`. The command line starts the host, the host the server. */
import { fileURLToPath } from 'node:url';
import type { SandboxOrder } from '../contract/index.ts';
import { runHost } from './host.ts';
import { runServer } from './server.ts';

const [role, text = '{}'] = process.argv.slice(2);
const order = JSON.parse(text) as SandboxOrder;
// The command that started the host goes its way when it has read the report.
process.stdout.on('error', () => undefined);

try {
  if (role === 'server') await runServer(order);
  else await runHost(order, fileURLToPath(import.meta.url));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
