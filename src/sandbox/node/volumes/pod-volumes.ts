/** A pod's volumes: folders of the node, which containers get as bind mounts. */
import { chmod, lstat, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../core/index.ts';
import type { V1Container, V1Pod, V1Volume } from '../../../kube/index.ts';
import { expand } from '../containers/environment.ts';
import type { BindMount } from '../containers/root-script.ts';
import { chownGroup, writeVolume, type VolumeFiles } from './atomic-writer.ts';
import { readVolumeFiles, VolumeError, type FileSources } from './volume-files.ts';

export interface PodVolumesOptions {
  /** An existing folder for this pod's volumes. */
  folder: string;
  sources: Omit<FileSources, 'token' | 'pod'>;
  issueToken: (audience: string | undefined, expirationSeconds: number) => Promise<string>;
  clock: Clock;
}

interface IssuedToken {
  text: string;
  renewAtMs: number;
}

const RENEW_SHARE = 0.8;

export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #written = new Map<string, VolumeFiles>();
  readonly #tokens = new Map<string, IssuedToken>();

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /**
   * Makes the volumes that are missing, and writes those whose content has changed. Called again whenever something may
   * have changed; calls must not overlap.
   * @throws {VolumeError} for the first that cannot be made.
   */
  async refresh(pod: V1Pod): Promise<void> {
    const sources: FileSources = {
      ...this.#options.sources,
      pod,
      token: (audience, seconds) => this.#token(audience, seconds),
    };
    const group = pod.spec?.securityContext?.fsGroup;
    for (const volume of pod.spec?.volumes ?? []) {
      const folder = this.#folderOf(volume.name);
      const files = await readVolumeFiles(volume, sources);
      if (files === undefined) await this.#makeEmptyDir(volume, folder, group);
      else if (!isSame(files, this.#written.get(volume.name))) {
        await mkdir(folder, { recursive: true });
        await writeVolume(folder, files, group);
        this.#written.set(volume.name, files);
      }
    }
  }

  /** `env` is for `subPathExpr`. @throws {VolumeError} when a sub-path is not there or leads out of its volume. */
  async mountsOf(
    container: Pick<V1Container, 'volumeMounts'>,
    env: ReadonlyMap<string, string>,
  ): Promise<BindMount[]> {
    const mounts: BindMount[] = [];
    for (const { name, mountPath, subPath, subPathExpr, readOnly = false } of container.volumeMounts ?? []) {
      const part = subPathExpr === undefined ? (subPath ?? '') : expand(subPathExpr, env);
      const volume = await realpath(this.#folderOf(name));
      const source = join(volume, part);
      if (part !== '' && !this.#written.has(name))
        await mkdir(source, { recursive: true }).catch(() => undefined);
      const found = await realpath(source).catch(() => undefined);
      if (found === undefined || (found !== volume && !found.startsWith(`${volume}/`)))
        throw new VolumeError(
          `failed to prepare subPath for volumeMount "${name}": "${part}" is not in the volume`,
        );
      const isFile = !(await lstat(found)).isDirectory();
      const target = mountPath.startsWith('/') ? mountPath : `/${mountPath}`;
      mounts.push({
        source: found,
        target: join(target),
        isFile,
        isReadOnly: readOnly || this.#written.has(name),
      });
    }
    return mounts;
  }

  #folderOf(volume: string): string {
    return join(this.#options.folder, volume);
  }

  async #makeEmptyDir(volume: V1Volume, folder: string, group: number | undefined): Promise<void> {
    if (volume.emptyDir === undefined) {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
      throw new VolumeError(`the sandbox has no volumes of the kind "${kind}"; see docs/SANDBOX.md`);
    }
    if ((await mkdir(folder, { recursive: true })) === undefined) return;
    if (group !== undefined) await chownGroup(folder, group);
    await chmod(folder, group === undefined ? 0o777 : 0o2777);
  }

  async #token(audience: string | undefined, expirationSeconds: number): Promise<string> {
    const key = `${audience ?? ''} ${expirationSeconds}`;
    const nowMs = this.#options.clock.epochMs();
    const before = this.#tokens.get(key);
    if (before !== undefined && before.renewAtMs > nowMs) return before.text;
    const text = await this.#options.issueToken(audience, expirationSeconds);
    this.#tokens.set(key, { text, renewAtMs: nowMs + expirationSeconds * 1000 * RENEW_SHARE });
    return text;
  }
}

function isSame(a: VolumeFiles, b: VolumeFiles | undefined): boolean {
  if (a.size !== b?.size) return false;
  return [...a].every(([path, { content, mode }]) => {
    const other = b.get(path);
    return other?.mode === mode && other.content.equals(content);
  });
}

/** Writes the files that the node gives each container: addresses of names, the resolver, the pod's name. */
export async function writeNetworkFiles(
  folder: string,
  { hosts, resolvConf, hostname }: { hosts: string; resolvConf: string; hostname: string },
): Promise<BindMount[]> {
  const files = { hosts, 'resolv.conf': resolvConf, hostname: `${hostname}\n` };
  const mounts: BindMount[] = [];
  for (const [name, text] of Object.entries(files)) {
    const source = join(folder, name);
    await writeFile(source, text);
    mounts.push({ source, target: `/etc/${name}`, isFile: true, isReadOnly: false });
  }
  return mounts;
}
