// The main job, shown: npm run demo:cluster -- [--kubeconfig FILE --load COMMAND] [--keep] [--record FILE]
//
// Without --kubeconfig it uses the built-in one of test/cluster: root on Debian 12, 7 to 8 minutes
// for the first time, 20 s from then on. On another cluster it makes a namespace `tp-demo-…` and removes it.
//
//   --load COMMAND  how an image archive gets into that cluster: 'kind load image-archive {}'
//   --record FILE   also writes the commands and their output as Markdown
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AGENT_IMAGE, command, prepareTarget, targetOptions } from './target.mjs';

const { values: options } = parseArgs({ options: { ...targetOptions, record: { type: 'string' } } });
const fromRepository = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const markdown = [];
const bold = (text) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);

const target = await prepareTarget(options);
const namespace = `tp-demo-${randomBytes(2).toString('hex')}`;
const home = await mkdtemp(join(tmpdir(), 'tp-demo-'));
const environment = {
  ...process.env,
  TP_HOME: home,
  TP_AGENT_IMAGE: AGENT_IMAGE,
  KUBECONFIG: target.laptopKubeconfig,
};
const kubectl = (...args) =>
  command('kubectl', `--kubeconfig=${target.kubeconfig}`, `--namespace=${namespace}`, ...args);
const manifest = (name) => `--filename=${fromRepository(`test/cluster/manifests/${name}.yaml`)}`;

function say(text) {
  console.log(`\n${bold(`# ${text}`)}`);
  markdown.push(`\n${text}\n`);
}

/** Runs `argv` on the laptop, shows it as `shown` with everything it writes, and fails when it fails. */
async function show(shown, argv, { expected = 0 } = {}) {
  console.log(bold(`$ ${shown}`));
  const [program, ...args] = [...target.laptop, ...argv];
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output.push(chunk);
      process.stdout.write(chunk);
    });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (!Buffer.concat(output).toString().endsWith('\n')) process.stdout.write('\n');
  markdown.push('```console', `$ ${shown}`, Buffer.concat(output).toString().trimEnd(), '```');
  if (code !== expected) throw new Error(`${shown}: exit code ${code}`);
}

const tp = (...args) =>
  show(['tp', ...args].join(' '), [process.execPath, fromRepository('dist/cli.mjs'), ...args]);
const inCluster = (line) =>
  show(`kubectl exec client -- ${line}`, [
    'kubectl',
    `--namespace=${namespace}`,
    'exec',
    'client',
    '--',
    ...line.split(' '),
  ]);

/** Starts the local process, debugger port and all. */
async function startLocalProcess() {
  const argv = [
    process.execPath,
    '--inspect=127.0.0.1:0',
    fromRepository('test/cluster/local-process.mjs'),
    '8080',
  ];
  const [program, ...args] = [...target.laptop, ...argv];
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the local process ended')));
  });
  return child;
}

let localProcess;
try {
  console.log(`Deploying a shop of three services to namespace ${namespace} …`);
  await command('kubectl', `--kubeconfig=${target.kubeconfig}`, 'create', 'namespace', namespace);
  await kubectl('apply', manifest('shop'), manifest('client'), manifest('redis'));
  await kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=180s');

  say('A request inside the cluster is answered by a pod.');
  await inCluster('curl -s http://web/');

  say('Connect the laptop, and see what there is to intercept.');
  await tp('connect', '--namespace', namespace, '--forward', '16379:redis:6379');
  await tp('list');

  say('Start a process on the laptop (here with `node --inspect`), and let it stand in for `web`.');
  localProcess = await startLocalProcess();
  await tp('intercept', 'web', '--port', '8080');
  await inCluster('curl -s http://web/');
  await tp('status');

  say('The local process, and whatever is started for it, reaches the cluster by its names.');
  await tp('connect', '--', 'curl', '-s', 'http://catalog/');
  await show('redis-cli -p 16379 PING', ['redis-cli', '-p', '16379', 'PING']);

  say('Stop the local process: callers get the cluster’s own copy at once.');
  localProcess.kill();
  await new Promise((resolve) => localProcess.once('exit', resolve));
  await inCluster('curl -s http://web/');

  say('Leave, and put everything back as it was.');
  await tp('leave', 'web');
  await tp('uninstall', '--all');
  await inCluster('curl -s http://web/');

  if (options.record !== undefined) {
    const title =
      '# The main job, as it ran\n\nMade by `npm run demo:cluster -- --record docs/walkthrough.md`.';
    await writeFile(options.record, `${[title, ...markdown].join('\n')}\n`);
  }
} finally {
  localProcess?.kill();
  await tp('quit').catch(() => undefined);
  if (!options.keep) await kubectl('delete', 'namespace', namespace, '--wait=false').catch(() => undefined);
  await rm(home, { recursive: true, force: true });
  await target.takeDown();
}
