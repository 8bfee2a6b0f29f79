import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty folder (mode 0700) that goes away with its owner, a test. Its path is short enough for a unix socket. */
export async function createTemporaryFolder(t: {
  after(release: () => Promise<void>): void;
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tp-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
