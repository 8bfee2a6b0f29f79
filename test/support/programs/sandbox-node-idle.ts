/** Runs one pod until it is killed, and prints the pod's mark; see test/integration/sandbox/node.test.ts. */
import { randomUUID } from 'node:crypto';
import { isReady, startNodeRig } from '../sandbox-node-rig.ts';

const rig = await startNodeRig();
const mark = randomUUID();
await rig.createPod('idle', {
  containers: [
    { name: 'app', image: 'machine', command: ['sleep', 'infinity'], env: [{ name: 'MARK', value: mark }] },
  ],
});
await rig.awaitObject('pods', 'idle', isReady);
process.stdout.write(`${mark}\n`);
setInterval(() => undefined, 60_000);
