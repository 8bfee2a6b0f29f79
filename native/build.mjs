// Compiles the native parts for this machine: node native/build.mjs
//
//   dist/native/linux-x64/tun.node    the addon (Node-API, so one file serves all versions of Node)
//   dist/native/linux-x64/tp-launch   what `tp run` starts
//
// The headers are those beside the running Node; nothing is downloaded. Without a compiler nothing is made, and `tp run`
// falls back to the proxy. The package carries what was made where it was packed.
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sources = dirname(fileURLToPath(import.meta.url));
const target = resolve(sources, '../dist/native', `${process.platform}-${process.arch}`);
const headers = resolve(dirname(process.execPath), '../include/node');
const compiler = process.env.CC ?? 'cc';
const common = [
  '-std=c11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-D_FORTIFY_SOURCE=2',
  '-fstack-protector-strong',
];

const programs = {
  'tun.node': ['-shared', '-fPIC', '-pthread', `-I${headers}`, 'addon.c', 'flow-table.c'],
  'tp-launch': ['-static', 'launcher.c'],
};

async function isCurrent(file) {
  const made = await stat(file).catch(() => undefined);
  if (made === undefined) return false;
  const times = await Promise.all((await readdir(sources)).map((name) => stat(join(sources, name))));
  return times.every(({ mtimeMs }) => mtimeMs < made.mtimeMs);
}

async function reasonAgainst() {
  if (process.platform !== 'linux') return `there is no device for ${process.platform} yet`;
  if (!(await run(compiler, ['--version']).catch(() => undefined))) return `no compiler "${compiler}"`;
  const header = join(headers, 'node_api.h');
  return access(header).then(
    () => undefined,
    () => `no ${header}`,
  );
}

const reason = await reasonAgainst();
if (reason === undefined) {
  await mkdir(target, { recursive: true });
  for (const [name, flags] of Object.entries(programs)) {
    const file = join(target, name);
    if (await isCurrent(file)) continue;
    await run(compiler, [...common, ...flags, '-o', file], { cwd: sources });
  }
} else console.error(`Native parts not built, tp run will use the proxy: ${reason}`);
