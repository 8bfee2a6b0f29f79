import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { preflight } from '../../../../cli/sandbox/preflight.ts';
import { isToolError } from '../../../../src/errors/index.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';

/** A folder with programs that are these shell scripts, and nothing else on the PATH. */
async function machine(t: TestContext, scripts: Record<string, string>) {
  const folder = await createTemporaryFolder(t);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  return { platform: 'linux' as const, isRoot: false, environment: { PATH: folder }, moreFolders: [] };
}

const all = { unshare: 'exit 0', nsenter: '', mount: '', ip: '' };
const forbidden = 'echo "unshare: unshare failed: Operation not permitted" >&2; exit 1';

async function refusal(attempt: Promise<unknown>): Promise<{ reason: string; remedy: string }> {
  const error = await attempt.then(
    () => assert.fail('nothing was raised'),
    (error: unknown) => error,
  );
  assert.ok(isToolError(error) && error.code === 'SANDBOX_UNSUPPORTED', String(error));
  return error.details as { reason: string; remedy: string };
}

test('preflight() takes the namespaces of an ordinary user where they work', async (t) => {
  assert.deepEqual(await preflight(await machine(t, all)), { isRootless: true });
});

test('preflight() names the program that is missing and the package that has it', async (t) => {
  for (const [program, owner] of [
    ['unshare', 'util-linux'],
    ['ip', 'iproute2'],
  ] as const) {
    const scripts = Object.fromEntries(Object.entries(all).filter(([name]) => name !== program));
    const { reason, remedy } = await refusal(preflight(await machine(t, scripts)));
    assert.match(reason, new RegExp(`no program "${program}"`));
    assert.match(remedy, new RegExp(owner));
  }
});

test('preflight() says how to allow user namespaces that are forbidden', async (t) => {
  const { reason, remedy } = await refusal(preflight(await machine(t, { ...all, unshare: forbidden })));
  assert.match(reason, /forbids user namespaces .*Operation not permitted/);
  assert.match(remedy, /sysctl/);
});

test('preflight() does without user namespaces for root', async (t) => {
  const unshare = `case "$*" in *--user*) ${forbidden};; esac; exit 0`;
  const asRoot = { ...(await machine(t, { ...all, unshare })), isRoot: true };
  assert.deepEqual(await preflight(asRoot), { isRootless: false });
});

test('preflight() refuses other systems', async (t) => {
  const mac = { ...(await machine(t, all)), platform: 'darwin' as const };
  assert.match((await refusal(preflight(mac))).reason, /need Linux/);
});
