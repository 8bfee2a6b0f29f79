import { createServer } from 'node:net';
import { createError } from '../../src/errors/index.ts';

/**
 * Makes sure that the local process, which is about to be started, can listen where the traffic will be sent: another
 * program there would get it instead. What else may keep it from listening is its own affair.
 *
 * @throws {LOCAL_PORT_IN_USE}
 */
export async function assertPortsFree(address: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await isInUse(address, port)) throw createError('LOCAL_PORT_IN_USE', { address, port });
  }
}

function isInUse(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    server.listen(port, address, () => server.close(() => resolve(false)));
  });
}
