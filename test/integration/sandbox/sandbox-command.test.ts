/** `tp sandbox` and `tp demo` as users run them: real namespaces, real pods. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { preflight } from '../../../cli/sandbox/preflight.ts';
import { sandboxPaths, type SandboxState } from '../../../src/contract/index.ts';
import { repositoryFile } from '../../cluster/cluster-under-test.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

/** Nothing here takes a tenth of it on an idle machine. */
const PATIENCE_MS = 120_000;

const machine = { platform: process.platform, isRoot: process.getuid?.() === 0, environment: process.env };
const refusal = await preflight(machine).then(
  () => false,
  (error: unknown) => (error as Error).message,
);

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Home {
  folder: string;
  tp(...words: string[]): Promise<Outcome>;
  up(...words: string[]): Promise<SandboxState>;
}

/** A home of its own; what still runs in it at the end of the test is ended. */
async function createHome(t: TestContext): Promise<Home> {
  const ends: (() => Promise<void>)[] = [];
  // First: the hooks of a test run in the order in which they were set, and the sandboxes must end before their folder goes.
  t.after(async () => {
    for (const end of ends) await end();
  });
  const folder = await createTemporaryFolder(t);
  const tp = async (...words: string[]): Promise<Outcome> => {
    const child = spawn(process.execPath, [repositoryFile('dist/cli.mjs'), ...words], {
      env: { ...process.env, TP_HOME: folder, KUBECONFIG: '/dev/null' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
    [outcome.code] = (await once(child, 'close')) as [number | null];
    return outcome;
  };
  ends.push(async () => {
    await tp('quit');
    const { stdout } = await tp('sandbox', 'status', '-o', 'json');
    for (const { name } of JSON.parse(stdout) as SandboxState[]) await tp('sandbox', 'down', name);
  });
  return {
    folder,
    tp,
    async up(...words): Promise<SandboxState> {
      const { code, stdout, stderr } = await tp('sandbox', 'up', '-o', 'json', ...words);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as SandboxState;
    },
  };
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** GETs a document of the API server, with what the kubeconfig has and nothing else. */
async function get(kubeconfigPath: string, path: string): Promise<{ items?: unknown[] }> {
  const { clusters, users } = parse(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  assert.ok(cluster !== undefined && user !== undefined);
  const pem = (data: string): Buffer => Buffer.from(data, 'base64');
  const asked = request(`${cluster.server}${path}`, {
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
    agent: false,
  }).end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  assert.equal(response.statusCode, 200, text);
  return JSON.parse(text) as { items?: unknown[] };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until neither process nor file of the sandbox is left. */
async function nothingLeft(folder: string, { name, pid, serverPid }: SandboxState): Promise<void> {
  const { directory } = sandboxPaths(folder, name);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const hasFolder = await access(directory).then(
      () => true,
      () => false,
    );
    if (!isAlive(pid) && !isAlive(serverPid) && !hasFolder) return;
    assert.ok(
      Date.now() < deadline,
      `left: host ${isAlive(pid)}, server ${isAlive(serverPid)}, folder ${hasFolder}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('tp sandbox', { skip: refusal }, () => {
  it('starts sandboxes side by side that a client with their kubeconfig can use, and leaves nothing', async (t) => {
    const home = await createHome(t);
    const one = await home.up();
    const two = await home.up('two');
    assert.notEqual(one.server, two.server);
    for (const { kubeconfig } of [one, two])
      assert.ok((await get(kubeconfig, '/api/v1/namespaces')).items?.length);
    const { stdout } = await home.tp('sandbox', 'kubeconfig', 'two');
    assert.equal(stdout.trim(), two.kubeconfig);
    for (const state of [one, two]) {
      assert.equal((await home.tp('sandbox', 'down', state.name)).code, 0);
      await nothingLeft(home.folder, state);
    }
  });

  it('refuses a second one of the same name, a port in use, and a name that none has', async (t) => {
    const home = await createHome(t);
    await home.up();
    const again = await home.tp('sandbox', 'up');
    assert.equal(again.code, 2);
    assert.match(again.stderr, /"default" runs already[^\n]*\n.*tp sandbox down default/);
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    t.after(() => void occupied.close());
    const { port } = occupied.address() as AddressInfo;
    const busy = await home.tp('sandbox', 'up', 'other', '--port', String(port));
    assert.equal(busy.code, 4);
    assert.match(busy.stderr, new RegExp(`127\\.0\\.0\\.1:${String(port)}: another program uses this port`));
    const missing = await home.tp('sandbox', 'down', 'nobody');
    assert.match(missing.stderr, /No sandbox of the name "nobody" runs: there is default/);
  });

  it('is gone when any of its processes is killed', async (t) => {
    const home = await createHome(t);
    for (const victim of ['pid', 'serverPid'] as const) {
      const state = await home.up();
      process.kill(state[victim], 'SIGKILL');
      await nothingLeft(home.folder, state);
    }
  });
});

interface Answer {
  service: string;
  by: string;
  calls: Answer[];
}

describe('tp demo', { skip: refusal }, () => {
  it('shows who answers with and without the header, and leaves nothing with --once', async (t) => {
    const home = await createHome(t);
    const { code, stdout, stderr } = await home.tp('demo', '--once', '-o', 'json');
    assert.equal(code, 0, stderr);
    const { sandbox, answers } = JSON.parse(stdout) as {
      sandbox: SandboxState;
      answers: Record<'before' | 'withHeader' | 'withoutHeader', Answer>;
    };
    const catalogs = (answer: Answer): string[] =>
      answer.service === 'catalog' ? [answer.by] : answer.calls.flatMap(catalogs);
    assert.deepEqual(catalogs(answers.withHeader), ['your local process', 'your local process']);
    for (const answer of [answers.before, answers.withoutHeader])
      for (const by of catalogs(answer)) assert.match(by, /^catalog-/);
    await nothingLeft(home.folder, sandbox);
  });
});
