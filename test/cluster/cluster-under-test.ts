/** Which cluster the tests run on, as `run.mjs` describes it in the environment. */
import { fileURLToPath } from 'node:url';

export interface ClusterUnderTest {
  /** The administrator's kubeconfig, for the test itself. */
  kubeconfig: string;
  /** The kubeconfig as the laptop needs it: there, the API server may have another address. */
  laptopKubeconfig: string;
  /** Puts a command on the laptop, which reaches the API server only; empty on an external cluster. */
  laptop: string[];
  /** Puts a command where pods and services are reachable; absent on an external cluster. */
  node?: string[];
  agentImage: string;
}

export function clusterUnderTest(): ClusterUnderTest {
  const { env } = process;
  const kubeconfig = env['TP_TEST_KUBECONFIG'];
  if (kubeconfig === undefined) throw new Error('run these tests with `npm run test:cluster`');
  return {
    kubeconfig,
    laptopKubeconfig: env['TP_TEST_LAPTOP_KUBECONFIG'] ?? kubeconfig,
    laptop: JSON.parse(env['TP_TEST_LAPTOP'] ?? '[]') as string[],
    ...(env['TP_TEST_NODE'] !== undefined && { node: JSON.parse(env['TP_TEST_NODE']) as string[] }),
    agentImage: env['TP_TEST_AGENT_IMAGE'] ?? 'docker.io/tp/agent:dev',
  };
}

/** The path of a file of the repository, as seen from the compiled tests. */
export function repositoryFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
