/**
 * The daemon's side of `tp run`: waits for the device that the launcher made in the command's namespace, opens the network
 * behind it, and tells the launcher the name server. Ends with the request.
 */
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns';
import { closeSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runInBackground, type Clock, type Logger } from '../core/index.ts';
import {
  createDnsClient,
  createDnsResponder,
  formatNsswitch,
  formatResolvConf,
  serveDnsStream,
  zoneOf,
} from '../dns/index.ts';
import type { DatagramDialer, Dialer } from '../net/index.ts';
import { loadNative, NAME_SERVER, openNetwork, type Native, type Network } from '../tun/index.ts';

/** The launcher is started as soon as the caller knows the socket. */
const LAUNCH_TIMEOUT_MS = 10_000;

export interface OwnNetworkOptions {
  nativeDirectory: string;
  /** Owner-only folder for the socket. */
  socketDirectory: string;
  /** For the connections of programs. */
  dialer: Dialer & DatagramDialer;
  /** For questions about names of the cluster, and about others. */
  cluster: Dialer & DatagramDialer;
  machine: Dialer & DatagramDialer;
  /** The pod's name servers and search path. */
  nameServers: (options: { signal: AbortSignal }) => Promise<readonly string[]>;
  search: readonly string[];
  clock: Clock;
  logger: Logger;
}

export interface OwnNetwork {
  readonly socket: string;
  /** Resolves when nothing of it is left. Idempotent. */
  close(): Promise<void>;
}

/** Listens for the launcher. @throws {TUN_UNAVAILABLE} */
export function startOwnNetwork(options: OwnNetworkOptions): OwnNetwork {
  const { logger } = options;
  const native = loadNative(options.nativeDirectory);
  const socket = join(options.socketDirectory, `run-${randomBytes(4).toString('hex')}.sock`);
  const listener = native.listenForDescriptors(socket);
  let isClosed = false;
  let network: Network | undefined;
  const launching = launch(native, listener, options).then(async (opened) => {
    network = opened;
    if (isClosed) await opened.close();
  });
  const launched = launching.finally(() => {
    closeSync(listener);
    return rm(socket, { force: true });
  });
  runInBackground('launching', launched, logger);
  return {
    socket,
    async close(): Promise<void> {
      isClosed = true;
      await network?.close();
    },
  };
}

async function launch(native: Native, listener: number, options: OwnNetworkOptions): Promise<Network> {
  const { clock, logger } = options;
  const { connection, descriptors } = await native.receive(listener, LAUNCH_TIMEOUT_MS, true);
  try {
    const [device = -1, tcp4 = -1, udp4 = -1, tcp6, udp6] = descriptors;
    const responder = createDnsResponder({
      zone: zoneOf(options.search),
      cluster: createDnsClient({ dialer: options.cluster, servers: options.nameServers, clock }),
      local: createDnsClient({ dialer: options.machine, servers: machineNameServers, clock }),
      logger,
    });
    const network = await openNetwork({
      native,
      descriptors: { device, tcp4, udp4, tcp6, udp6 },
      dialer: options.dialer,
      respond: (query, how) => responder.respond(query, how),
      serveStream: serveDnsStream,
      clock,
      logger,
    });
    writeSync(connection, await encodeNames(options.search));
    return network;
  } finally {
    closeSync(connection);
  }
}

/** Read anew each time: networks come and go. */
function machineNameServers(): Promise<string[]> {
  return Promise.resolve(new Resolver().getServers());
}

/** What the launcher gets: the length of the first file in 4 bytes of this machine's order, and both files. */
async function encodeNames(search: readonly string[]): Promise<Buffer> {
  const resolvConf = Buffer.from(formatResolvConf(NAME_SERVER, search));
  const nsswitch = formatNsswitch(await readFile('/etc/nsswitch.conf', 'utf8').catch(() => ''));
  const length = Buffer.from(new Uint32Array([resolvConf.length]).buffer);
  return Buffer.concat([length, resolvConf, Buffer.from(nsswitch)]);
}
