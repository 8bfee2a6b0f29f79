/** What the tests of the main job share. */
import assert from 'node:assert/strict';
import { inPod, repositoryFile, waitFor, type Laptop, type LaptopProcess, type Owner } from './support.ts';

/** Runs `tp ARGS -o json`, which must succeed, and returns its result. */
export async function tpJson<T = unknown>(laptop: Laptop, args: readonly string[]): Promise<T> {
  const [command = '', ...rest] = args;
  const { code, stdout, stderr } = await laptop.runTp([command, '-o', 'json', ...rest], {
    timeoutMs: 300_000,
  });
  assert.equal(code, 0, `tp ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The command of the process on the laptop, which answers HTTP on `port`. */
export function localProcess(port: number, ...more: string[]): string[] {
  return [process.execPath, repositoryFile('test/cluster/local-process.mjs'), String(port), ...more];
}

/** Starts the local process on `port` of the laptop; it ends with its owner. */
export async function startLocalProcess(
  owner: Owner,
  laptop: Laptop,
  port: number,
  ...more: string[]
): Promise<LaptopProcess> {
  const started = laptop.spawn(localProcess(port, ...more));
  owner.after(async () => {
    started.child.kill('SIGKILL');
    await started.exited;
  });
  await started.waitForOutput(/listening/);
  return started;
}

/** Who answered `count` requests to `url` from inside the cluster, each on a connection of its own; all must be answered. */
export async function answers(namespace: string, url: string, count: number): Promise<Set<string>> {
  const script = `for i in $(seq ${count}); do curl -sS --fail --max-time 10 ${url} || echo '{"pod":"FAILED"}'; echo; done`;
  const output = await inPod(namespace, 'client', ['sh', '-c', script]);
  const lines = output.split('\n').filter((line) => line !== '');
  assert.equal(lines.length, count, output);
  const pods = lines.map((line) => (JSON.parse(line) as { pod: string }).pod);
  assert.ok(!pods.includes('FAILED'), output);
  return new Set(pods);
}

/**
 * Waits until the laptop answers, and then demands that it answers every one of `count` requests. How soon a changed Service
 * or endpoint reaches every node is up to Kubernetes (kube-proxy: about a second), and no client can ask it.
 */
export async function onlyLaptopAnswers(namespace: string, url: string, count: number): Promise<void> {
  const isLaptop = (seen: Set<string>): boolean => seen.size === 1 && seen.has('laptop');
  await waitFor(
    `the laptop to answer ${url}`,
    async () => isLaptop(await answers(namespace, url, 5)),
    15_000,
  );
  assert.deepEqual([...(await answers(namespace, url, count))], ['laptop'], url);
}
