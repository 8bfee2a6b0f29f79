// Runs the real-cluster suite: npm run test:cluster -- [--kubeconfig FILE --load COMMAND] [--keep] [--only PATTERN]
//
//   --kubeconfig FILE  test on this cluster instead of the built-in one
//   --load COMMAND     how an image archive gets into that cluster; {} stands for the archive:
//                      'kind load image-archive {}'
//   --keep             leave the built-in cluster and the tests' namespaces in place
//   --only PATTERN     only the test files whose name matches this regular expression
//
// The last line is always `N passed, N failed, N skipped`. No test at all is a failure.
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run as runTests } from 'node:test';
import { parseArgs } from 'node:util';
import { report, totals } from '../report.mjs';
import { AGENT_IMAGE, command, prepareTarget, targetOptions } from './target.mjs';

/** The behaviour suite also runs on the sandbox, in `npm test`. */
const SUITES = ['test/cluster', 'test/conformance'];

const { values: options } = parseArgs({
  options: {
    ...targetOptions,
    only: { type: 'string' },
  },
});

/** For one file, in milliseconds: several times what the longest takes. One that hangs fails. */
const FILE_TIMEOUT_MS = 900_000;

/** Marks the namespaces and, through the environment, the processes of this run. */
const RUN = randomBytes(4).toString('hex');

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));

async function testFiles() {
  const pattern = new RegExp(options.only ?? '');
  const lists = await Promise.all(
    SUITES.map(async (suite) => {
      const names = await readdir(suite, { recursive: true });
      return names
        .filter((name) => name.endsWith('.test.ts') && pattern.test(name))
        .map((name) => join(suite, name));
    }),
  );
  return lists.flatMap((names) => names.sort().map((name) => resolve('dist', name.replace(/\.ts$/, '.js'))));
}

/** Runs the files one after the other: they share a cluster and a laptop. */
function test(files) {
  return report(runTests({ files, concurrency: 1, timeout: FILE_TIMEOUT_MS, signal: interrupted.signal }));
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Removes what tests leave when they are killed: they clean up by themselves otherwise. */
async function sweep() {
  for (const pid of await readdir('/proc')) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`TP_TEST_RUN=${RUN}`)) kill(Number(pid));
  }
  const label = `--selector=tp-test-run=${RUN}`;
  const kubeconfig = `--kubeconfig=${process.env.TP_TEST_KUBECONFIG}`;
  await command('kubectl', kubeconfig, 'delete', 'namespaces', label, '--wait=false', '--ignore-not-found');
}

let counts = { passed: 0, failed: 0, skipped: 0 };
let takeDown = () => undefined;
try {
  const files = await testFiles();
  if (files.length === 0) throw new Error(`no test file in ${SUITES.join(' or ')} matches`);
  const target = await prepareTarget(options);
  takeDown = target.takeDown;
  Object.assign(process.env, {
    TP_TEST_KUBECONFIG: target.kubeconfig,
    TP_TEST_LAPTOP: JSON.stringify(target.laptop),
    TP_TEST_LAPTOP_KUBECONFIG: target.laptopKubeconfig,
    ...(target.node && { TP_TEST_NODE: JSON.stringify(target.node) }),
    TP_TEST_AGENT_IMAGE: AGENT_IMAGE,
    TP_TEST_RUN: RUN,
    ...(options.keep && { TP_TEST_KEEP: '1' }),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim(),
  });
  interrupted.signal.throwIfAborted();
  counts = await test(files);
  if (!options.keep) await sweep();
  interrupted.signal.throwIfAborted();
  if (counts.passed + counts.failed === 0) throw new Error('no test ran');
  process.exitCode = counts.failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await takeDown();
}
console.log(totals(counts));
