/** What several commands tell on stderr beside their result. */
import { connect } from 'node:net';
import { formatSocketAddress, type SocketAddress } from '../../src/address/index.ts';
import type { InterceptedPort, Warning } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';

/** Shows the daemon's warnings, unless they stand in the result that a program reads. */
export function noteWarnings(cli: CliContext, warnings: readonly Warning[]): void {
  if (cli.options.output === 'text') for (const warning of warnings) cli.note(warning);
}

/** A new daemon may listen elsewhere, and the environment of a running process cannot be changed. */
export function noteMovedProxy(cli: CliContext, before: SocketAddress, after: SocketAddress): void {
  if (before.host === after.host && before.port === after.port) return;
  cli.note({
    message: `The proxy has moved from ${formatSocketAddress(before)} to ${formatSocketAddress(after)}: the local process still uses the old one`,
    remedy: 'Start the local process again if it needs the cluster',
  });
}

/** A connection on the laptop is there at once or never; this bounds an address of another machine. */
const PROBE_TIMEOUT_MS = 500;

/** Tells which of the ports nobody listens on yet. */
export async function noteSilentPorts(cli: CliContext, ports: readonly InterceptedPort[]): Promise<void> {
  for (const { protocol, localAddress, localPort } of ports) {
    // UDP does not tell.
    if (protocol !== 'TCP' || !(await isRefused(localAddress, localPort))) continue;
    cli.note({
      message: `Nothing listens on ${formatSocketAddress({ host: localAddress, port: localPort })} yet: until then the cluster's own copy answers`,
    });
  }
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_TIMEOUT_MS });
    const settle = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => settle(false));
    socket.once('timeout', () => settle(false));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'));
  });
}
