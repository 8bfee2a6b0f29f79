/** The images that a sandbox knows: a few from the start, and what `tp sandbox load` has named. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LoadedImages } from '../contract/index.ts';
import type { Image, ImageStore } from './node/index.ts';

interface ImageOptions {
  /** Of the file that `tp sandbox load` writes; it is read at each question, so that nobody has to be told. */
  loadedPath: string;
  /** Folder of the programs of this package: `dist/`. */
  programs: string;
}

/** Without its registry, tag and digest: `docker.io/tp/agent:dev` is `tp/agent`. */
export function repositoryOf(name: string): string {
  const [path = ''] = name.split('@');
  const parts = path.replace(/:[^/:]*$/, '').split('/');
  const [first = ''] = parts;
  // A registry is a host: it has a dot, a port, or is localhost.
  return parts.length > 1 && /[.:]|^localhost$/.test(first) ? parts.slice(1).join('/') : parts.join('/');
}

export function createImages({ loadedPath, programs }: ImageOptions): ImageStore {
  const node = process.execPath;
  const folders = [programs, dirname(node)];
  const environment = {
    PATH: `${dirname(node)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  };
  const agent = define({
    entrypoint: [node, `${programs}/agent.mjs`],
    env: { ...environment, NODE_ENV: 'production' },
    user: 65532,
    folders,
  });
  const shop = define({ entrypoint: [node, `${programs}/shop.mjs`], env: environment, folders });
  const shell = define({ entrypoint: [], args: ['sh'], env: environment, folders: [dirname(node)] });
  const builtIn: Readonly<Record<string, Image>> = {
    'tp/agent': agent,
    'tp-intercept/agent': agent,
    'tp/shop': shop,
    busybox: shell,
    'library/busybox': shell,
  };
  return {
    find(name): Image | undefined {
      const loaded = readLoaded(loadedPath);
      const found = loaded[name] ?? loaded[repositoryOf(name)];
      if (found === undefined) return builtIn[repositoryOf(name)];
      return define({
        entrypoint: found.command,
        ...(found.command.length === 0 ? { args: ['sh'] } : {}),
        env: environment,
        workingDir: found.directory,
        folders: [found.directory, dirname(node)],
      });
    },
  };
}

function define(image: Omit<Image, 'id'>): Image {
  return { id: `sha256:${createHash('sha256').update(JSON.stringify(image)).digest('hex')}`, ...image };
}

function readLoaded(path: string): LoadedImages {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LoadedImages;
  } catch {
    return {};
  }
}
