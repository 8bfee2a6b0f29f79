/** What the real-cluster tests share. */
export { clusterUnderTest, repositoryFile } from './cluster-under-test.ts';
export type { ClusterUnderTest } from './cluster-under-test.ts';
export { inPod, kubectl, kubectlCommand, kubectlJson, mustRun, run, waitFor } from './commands.ts';
export type { CommandOptions, CommandResult, KubectlOptions } from './commands.ts';
export { Laptop } from './laptop.ts';
export type { LaptopProcess } from './laptop.ts';
export { apply, createNamespace, leftovers, suiteOwner, waitUntilReady } from './namespaces.ts';
export type { Owner } from './namespaces.ts';
export { startLoad } from './steady-load.ts';
export type { LoadFailure, LoadOptions, LoadPhase, LoadReport, SteadyLoad } from './steady-load.ts';
