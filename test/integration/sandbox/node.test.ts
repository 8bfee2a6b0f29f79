import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { spawnInNamespaces, whyNotIn } from '../../support/sandbox-namespaces.ts';

function programPath(name: string): string {
  return fileURLToPath(new URL(`../../support/programs/${name}.js`, import.meta.url));
}

for (const kind of ['rootless', 'root'] as const) {
  for (const suite of ['pods', 'network']) {
    test(`the sandbox's node, ${kind}: ${suite}`, { skip: whyNotIn(kind) }, async (t) => {
      const folder = await createOpenFolder(t);
      const child = spawnInNamespaces(kind, [process.execPath, programPath(`sandbox-node-${suite}`)], folder);
      let output = '';
      const collect = (chunk: Buffer): void => void (output += chunk.toString());
      child.stdout?.on('data', collect);
      child.stderr?.on('data', collect);
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0, output);
    });
  }

  test(
    `the sandbox's node, ${kind}: SIGKILL leaves no process and no interface`,
    { skip: whyNotIn(kind) },
    async (t) => {
      const folder = await createOpenFolder(t);
      const interfaces = await readdir('/sys/class/net');
      const child = spawnInNamespaces(kind, [process.execPath, programPath('sandbox-node-idle')], folder);
      const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      const mark = chunk.toString().trim();
      assert.equal(await countProcesses(mark), 1);
      child.kill('SIGKILL');
      await once(child, 'exit');
      // The kernel ends them; it takes a moment on a loaded machine.
      while ((await countProcesses(mark)) > 0) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(await readdir('/sys/class/net'), interfaces);
    },
  );
}

/** How many processes of this machine have the mark in their environment. */
async function countProcesses(mark: string): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/environ`, 'utf8').catch(() => '')),
  );
  return environments.filter((text) => text.includes(mark)).length;
}

/** For whoever the program runs as. */
async function createOpenFolder(t: TestContext): Promise<string> {
  const folder = await createTemporaryFolder(t);
  await chmod(folder, 0o777);
  return folder;
}
