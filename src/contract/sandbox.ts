/** Where a sandbox keeps its files, and what its programs tell each other and the command line. */
import { raise } from '../errors/index.ts';

/** Name of the sandbox that is meant where none is named. */
export const DEFAULT_SANDBOX = 'default';

export interface SandboxPaths {
  /** Owner-only folder of everything below; it exists exactly as long as the sandbox does. */
  directory: string;
  kubeconfig: string;
  log: string;
  /** {@link LoadedImages}; missing when nothing was loaded. */
  images: string;
  /** Unix socket: whoever connects is told {@link SandboxState} as one JSON line. It answers while the sandbox runs. */
  stateSocket: string;
}

/** @param home the daemon's folder, see `daemonPaths` */
export function sandboxPaths(home: string, name: string): SandboxPaths {
  const directory = `${sandboxesDirectory(home)}/${name}`;
  return {
    directory,
    kubeconfig: `${directory}/kubeconfig`,
    log: `${directory}/sandbox.log`,
    images: `${directory}/images.json`,
    stateSocket: `${directory}/state.sock`,
  };
}

export function sandboxesDirectory(home: string): string {
  return `${home}/sandboxes`;
}

/** @throws {USAGE_INVALID_OPTION} */
export function assertSandboxName(name: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name))
    raise('USAGE_INVALID_OPTION', {
      option: 'the name of the sandbox',
      value: name,
      expected: 'up to 32 lower-case letters, digits and hyphens',
    });
}

export interface SandboxState {
  name: string;
  /** Of the process that outlives the command; ending it ends the sandbox. */
  pid: number;
  /** Of the process that is server, controllers and node. */
  serverPid: number;
  version: string;
  server: string;
  kubeconfig: string;
  /** Whether an ordinary user's namespaces are used. */
  isRootless: boolean;
  /** ISO 8601. */
  since: string;
  /** From the start of the program until the server and the node were ready, in milliseconds. */
  startMs: number;
  memoryBytes: number;
}

/** How the sandbox's program is started: one JSON text as its argument. */
export interface SandboxOrder {
  name: string;
  directory: string;
  /** On 127.0.0.1; 0 takes any free port. */
  port: number;
  isRootless: boolean;
  /** Deploys the shop of `tp demo` to the namespace {@link SHOP_NAMESPACE}. */
  withShop: boolean;
}

export const SHOP_NAMESPACE = 'shop';

/** What the program writes to its standard output once: then it is running, or has ended. */
export type SandboxReport = { ready: SandboxState } | { failed: { code: string; details: object } };

/** Name of an image, as pods spell it or without registry and tag, to the command that stands behind it. */
export type LoadedImages = Record<string, { command: string[]; directory: string }>;
