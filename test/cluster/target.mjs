// The cluster that the suite and the demo use: the built-in one, or any other by its kubeconfig.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLUSTER = fileURLToPath(new URL('cluster', import.meta.url));
const STATE = process.env.TP_CLUSTER_RUN ?? '/var/lib/tp-cluster';
export const AGENT_IMAGE = 'docker.io/tp/agent:dev';

/** The options that choose a cluster, for `parseArgs`. */
export const targetOptions = {
  kubeconfig: { type: 'string' },
  load: { type: 'string' },
  keep: { type: 'boolean', default: false },
};

/** Runs a command and returns what it wrote to stdout; stderr goes to ours. */
export async function command(program, ...args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  const code = await new Promise((done, failed) => child.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}`);
  return Buffer.concat(output).toString();
}

/**
 * Prepares the cluster and its images. Returns what to know about it:
 * kubeconfig (the administrator's), laptopKubeconfig, laptop (prefix that puts a command on the laptop), node (prefix that
 * puts a command where pods are reachable, if there is such a place), takeDown().
 */
export async function prepareTarget({ kubeconfig, load, keep }) {
  if (kubeconfig !== undefined) return useExternal(kubeconfig, load);
  return useBuiltIn(keep);
}

/** Starts the built-in cluster unless it runs; one that ran before is left running. */
async function useBuiltIn(keep) {
  const wasUp = await command(CLUSTER, 'status').then(
    () => true,
    () => false,
  );
  const takeDown = () => (keep || wasUp ? undefined : command(CLUSTER, 'down'));
  try {
    await command(CLUSTER, 'up');
    await command(CLUSTER, 'images');
  } catch (error) {
    await takeDown();
    throw error;
  }
  return {
    kubeconfig: join(STATE, 'etc/admin.kubeconfig'),
    laptopKubeconfig: join(STATE, 'etc/laptop.kubeconfig'),
    laptop: ['nsenter', '--net=/var/run/netns/tp-laptop'],
    node: ['nsenter', '--net=/var/run/netns/tp-node'],
    takeDown,
  };
}

async function useExternal(kubeconfig, load) {
  if (load !== undefined) {
    const archives = (await command(CLUSTER, 'archives')).trim().split('\n');
    for (const archive of archives) await command('sh', '-c', load.replaceAll('{}', `'${archive}'`));
  }
  const path = resolve(kubeconfig);
  return { kubeconfig: path, laptopKubeconfig: path, laptop: [], node: undefined, takeDown: () => undefined };
}
