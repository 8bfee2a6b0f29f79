import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMachineRoot } from '../../../../../src/sandbox/node/containers/machine-root.ts';
import { rootScript } from '../../../../../src/sandbox/node/containers/root-script.ts';
import { createTemporaryFolder } from '../../../../support/temporary-folder.ts';

const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child'];
const isPossible = spawnSync('unshare', [...namespaces, 'true']).status === 0;
const skip = isPossible ? false : 'user namespaces are not allowed here';

test('the folder of an image may lie in /tmp', { skip }, async (t) => {
  const folder = await createTemporaryFolder(t);
  const [image, own] = [join(folder, 'image'), join(folder, 'own')];
  await Promise.all([mkdir(image), mkdir(own)]);
  await writeFile(join(image, 'greeting'), 'hello');
  const script = rootScript({
    machine: await readMachineRoot(),
    folder: own,
    imageFolders: [image],
    mounts: [],
    isReadOnly: false,
  });
  const tail = `cat ${image}/greeting; echo changed >${image}/greeting; stat -c ' %a' /tmp`;
  const output = execFileSync('unshare', [...namespaces, 'sh', '-ec', `${script}\n${tail}`], {
    encoding: 'utf8',
    // Not everybody has the folder of pivot_root on the path.
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  assert.equal(output, 'hello 1777\n');
  // What a container writes stays in its own root.
  assert.equal(execFileSync('cat', [join(image, 'greeting')], { encoding: 'utf8' }), 'hello');
});
