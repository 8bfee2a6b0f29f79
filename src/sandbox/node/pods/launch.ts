/** From a container's specification to the process that will be started. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Container } from '../../../kube/index.ts';
import { ConfigError } from '../containers/config-error.ts';
import type { ContainerOptions } from '../containers/container-process.ts';
import { buildEnvironment, expand } from '../containers/environment.ts';
import { identityOf } from '../containers/identity.ts';
import { rootScript } from '../containers/root-script.ts';
import type { Image } from '../node-options.ts';
import { VolumeError } from '../volumes/volume-files.ts';
import { hostnameOf } from './network-files.ts';
import type { PodContext } from './pod-context.ts';

export interface Launch {
  options: ContainerOptions;
  /** A file of the node: what the container writes to its termination message path. */
  terminationLog: string;
}

/** `folder` is made; it is for this run only. @throws {ConfigError} as the kubelet words it. */
export async function planLaunch(
  context: PodContext,
  container: V1Container,
  {
    image,
    folder,
    processNamespacePid,
  }: { image: Image; folder: string; processNamespacePid: number | undefined },
): Promise<Launch> {
  const { node, namespace, volumes } = context;
  const pod = context.pod();
  const podNamespace = pod.metadata.namespace ?? '';
  const services = node.cluster
    .list('services')
    .filter(
      ({ metadata }) =>
        metadata.namespace === podNamespace ||
        (metadata.namespace === 'default' && metadata.name === 'kubernetes'),
    );
  const env = buildEnvironment(container, {
    pod,
    podAddress: namespace.address,
    hostname: hostnameOf(pod),
    imageEnv: image.env ?? {},
    services,
    configMap: (name) => node.cluster.get('configmaps', { namespace: podNamespace, name }),
    secret: (name) => node.cluster.get('secrets', { namespace: podNamespace, name }),
  });
  if (container.tty === true) env.set('TERM', 'xterm');
  const identity = identityOf(pod, container, image.user);
  const mounts = await volumes.mountsOf(container, env).catch((error: unknown) => {
    throw error instanceof VolumeError ? new ConfigError(error.message) : error;
  });
  const taken = new Set(mounts.map(({ target }) => target));
  await mkdir(folder, { recursive: true });
  const terminationLog = join(folder, 'termination-log');
  await writeFile(terminationLog, '', { mode: 0o666 });
  const termination = {
    source: terminationLog,
    target: container.terminationMessagePath ?? '/dev/termination-log',
    isFile: true,
    isReadOnly: false,
  };
  const script = rootScript({
    machine: node.machine,
    folder,
    imageFolders: image.folders ?? [],
    mounts: [...mounts, ...context.networkMounts.filter(({ target }) => !taken.has(target)), termination],
    isReadOnly: container.securityContext?.readOnlyRootFilesystem === true,
  });
  const words = commandOf(container, image).map((word) => expand(word, env));
  if (words.length === 0) throw new ConfigError('no command specified');
  const options: ContainerOptions = {
    command: words,
    env,
    workingDir: container.workingDir ?? image.workingDir ?? '/',
    identity,
    isUserNamespace: node.isUserNamespace,
    isTerminal: container.tty === true,
    hasInput: container.stdin === true,
    folder,
    podPid: namespace.pid,
    rootScript: script,
    ...(processNamespacePid === undefined ? {} : { processNamespacePid }),
  };
  return { options, terminationLog };
}

/** `command` replaces the image's entry point and its arguments, `args` only these. */
function commandOf({ command = [], args = [] }: V1Container, image: Image): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  return [...image.entrypoint, ...(args.length > 0 ? args : (image.args ?? []))];
}
