/**
 * Measures how long `tp` takes from its start to its end, as people at a prompt and the keys of a completion wait for it:
 * `node dist/test/bench/cli-start.js [runs]`, after `npm run build`. Not a test. The budget is 150 ms in the median, of
 * which bare Node takes half; the two are measured in turns, so that a busy machine slows both.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const runs = Number(process.argv[2] ?? 20);
const tp = fileURLToPath(new URL('../../cli.mjs', import.meta.url));
const commandLines = {
  'bare node': ['-e', '0'],
  'tp version': [tp, 'version'],
  'tp intercept --help': [tp, 'intercept', '--help'],
  'tp __complete -- intercept --': [tp, '__complete', '--', 'intercept', '--'],
};
// No daemon there.
const environment = { ...process.env, TP_HOME: `${tmpdir()}/tp-bench-${String(process.pid)}` };

const timesMs = new Map<string, number[]>(Object.keys(commandLines).map((name) => [name, []]));
for (let run = 0; run < runs; run += 1) {
  for (const [name, words] of Object.entries(commandLines)) {
    const startMs = performance.now();
    const { status } = spawnSync(process.execPath, words, { env: environment });
    if (status !== 0) throw new Error(`${name} failed`);
    timesMs.get(name)?.push(performance.now() - startMs);
  }
}
for (const [name, times] of timesMs) {
  const sorted = times.sort((a, b) => a - b);
  const [median = 0, slowest = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  process.stdout.write(`${name}: median ${median.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms\n`);
}
