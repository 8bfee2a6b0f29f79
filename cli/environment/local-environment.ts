/** Puts together the environment of a local process: the container's, the laptop's, and the way into the cluster. */
import { formatSocketAddress, type SocketAddress } from '../../src/address/index.ts';
import { proxyEnvironment } from '../../src/contract/index.ts';

export type Variables = Readonly<Record<string, string>>;

/**
 * Variables that describe the machine and its user. The container's values would be wrong on the laptop, so they are
 * never taken from it. Listed in docs/CLI.md.
 */
export const machineVariables: readonly string[] = [
  // who and where
  'HOME',
  'LOGNAME',
  'OLDPWD',
  'PWD',
  'SHELL',
  'SHLVL',
  'USER',
  // programs and libraries
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  'JAVA_HOME',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'PATH',
  // terminal and desktop
  'COLORTERM',
  'DISPLAY',
  'TERM',
  'TERM_PROGRAM',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  // temporary files, agents and credentials of the user
  'KUBECONFIG',
  'SSH_AUTH_SOCK',
  'TEMP',
  'TMP',
  'TMPDIR',
  // Windows
  'APPDATA',
  'COMSPEC',
  'LOCALAPPDATA',
  'PATHEXT',
  'SYSTEMROOT',
  'USERPROFILE',
  'WINDIR',
];

/** Kept too where the caller has it, because a debugger attaches through it; otherwise the container's is taken. */
const debuggerVariable = 'NODE_OPTIONS';

const machineNames: ReadonlySet<string> = new Set(machineVariables);

export interface ProcessEnvironmentOptions {
  /** Environment of the container; empty for a connection without an intercept. */
  container: Variables;
  proxy: SocketAddress;
  /** Name of the intercept, if there is one. */
  intercept?: string | undefined;
}

/** What a local process needs on top of the caller's environment; also what `--env-file` holds. */
export function addedEnvironment({
  container,
  proxy,
  intercept,
}: ProcessEnvironmentOptions): Record<string, string> {
  const taken = Object.entries(container).filter(([name]) => !machineNames.has(name.toUpperCase()));
  return {
    ...Object.fromEntries(taken),
    ...proxyEnvironment(proxy),
    ...(intercept === undefined ? {} : { TP_INTERCEPT: intercept }),
    TP_PROXY: formatSocketAddress(proxy),
  };
}

/** The whole environment of a local process that `tp` starts. */
export function childEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  added: Variables,
): Record<string, string> {
  const kept = caller[debuggerVariable];
  const own = Object.entries(caller).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(own),
    ...added,
    ...(kept === undefined ? {} : { [debuggerVariable]: kept }),
  };
}
