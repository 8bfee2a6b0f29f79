// Bundles the programs into single files: dist/cli.mjs, dist/daemon.mjs, dist/agent.mjs, dist/sandbox.mjs, dist/shop.mjs.
// The compiled modules under dist/{src,agent,cli} are the input, so `tsc -b` runs first.
import { build } from 'esbuild';
import { chmod, readFile } from 'node:fs/promises';

const { version } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'));
const programs = {
  cli: 'dist/cli/main.js',
  daemon: 'dist/src/daemon/main.js',
  agent: 'dist/agent/main.js',
  sandbox: 'dist/src/sandbox/main.js',
  shop: 'dist/src/sandbox/demo/shop.js',
};

for (const [name, entry] of Object.entries(programs)) {
  await build({
    entryPoints: [entry],
    outfile: `dist/${name}.mjs`,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    legalComments: 'linked',
    minifySyntax: true,
    define: { 'process.env.TP_BUILD_VERSION': JSON.stringify(version) },
    // CommonJS dependencies inside an ES module bundle ask for these three.
    banner: {
      js: [
        ...(name === 'cli' ? ['#!/usr/bin/env node'] : []),
        "import { createRequire as __createRequire } from 'node:module';",
        "import { dirname as __toDirectory } from 'node:path';",
        "import { fileURLToPath as __toPath } from 'node:url';",
        'const require = __createRequire(import.meta.url);',
        'const __filename = __toPath(import.meta.url);',
        'const __dirname = __toDirectory(__filename);',
      ].join('\n'),
    },
    logLevel: 'warning',
  });
}
await chmod('dist/cli.mjs', 0o755);
