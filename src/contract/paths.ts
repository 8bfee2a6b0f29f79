/** Where the daemon keeps its files. CLI and daemon must agree on it, hence it stands in the contract. */
import { raise } from '../errors/index.ts';

/**
 * Longest path of the daemon's socket, in bytes. `sun_path` of unix(7) holds 108 bytes on Linux and 104 on macOS, with
 * a NUL at the end; 12 are left for the name under which the daemon binds before it renames.
 */
export const SOCKET_PATH_LIMIT_BYTES = 91;

export interface DaemonPaths {
  /** Owner-only folder of everything below. */
  directory: string;
  /** Unix socket of the local API. */
  socket: string;
  logFile: string;
  /** One file per bare Pod that is being re-created, so that a crash in between loses nothing. */
  recoveryDirectory: string;
  /** Private key by which agents know this daemon, also after a crash. Owner-only. */
  clientKeyFile: string;
}

/**
 * `TP_HOME`, else `$XDG_STATE_HOME/tp`, else `~/.local/state/tp`. Empty variables count as unset, and so does a relative
 * `XDG_STATE_HOME` (XDG Base Directory Specification 0.8).
 */
export function daemonPaths(environment: Readonly<Record<string, string | undefined>>): DaemonPaths {
  const chosen = environment['TP_HOME'] ?? '';
  const directory = chosen === '' ? `${stateHome(environment)}/tp` : chosen;
  return {
    directory,
    socket: `${directory}/daemon.sock`,
    logFile: `${directory}/daemon.log`,
    recoveryDirectory: `${directory}/recovery`,
    clientKeyFile: `${directory}/client.key`,
  };
}

function stateHome(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: chosen, HOME: home, USERPROFILE: profile } = environment;
  if (chosen?.startsWith('/') === true) return chosen;
  return `${home ?? profile ?? '.'}/.local/state`;
}

/** @throws {SOCKET_PATH_TOO_LONG} when the operating system would refuse or cut the path. */
export function assertSocketPath(path: string): void {
  if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT_BYTES)
    raise('SOCKET_PATH_TOO_LONG', { path, limit: SOCKET_PATH_LIMIT_BYTES });
}
