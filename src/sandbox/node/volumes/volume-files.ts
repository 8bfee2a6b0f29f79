/** The files of the volumes that are made from objects: ConfigMap, Secret, downward API, token, and all of them projected. */
import type { V1ConfigMap, V1Pod, V1Secret, V1Volume } from '../../../kube/index.ts';
import { readPodField, readResourceField } from '../containers/pod-fields.ts';
import type { VolumeFile, VolumeFiles } from './atomic-writer.ts';

export interface FileSources {
  pod: V1Pod;
  podAddress: string;
  configMap(name: string): V1ConfigMap | undefined;
  secret(name: string): V1Secret | undefined;
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
}

/** Something a volume needs is not there (yet); the message is the kubelet's. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3607;

type Item = { key: string; path: string; mode?: number };
type Projection = NonNullable<NonNullable<V1Volume['projected']>['sources']>[number];
type DownwardItem = NonNullable<NonNullable<V1Volume['downwardAPI']>['items']>[number];

/** Undefined for volumes of other kinds. @throws {VolumeError} @throws {ApiError} of the token. */
export async function readVolumeFiles(
  volume: V1Volume,
  sources: FileSources,
): Promise<VolumeFiles | undefined> {
  if (volume.configMap !== undefined) {
    const { defaultMode = DEFAULT_MODE, ...source } = volume.configMap;
    return fromConfigMap(source, defaultMode, sources);
  }
  if (volume.secret !== undefined) {
    const { defaultMode = DEFAULT_MODE, secretName, ...source } = volume.secret;
    return fromSecret(
      { ...source, ...(secretName === undefined ? {} : { name: secretName }) },
      defaultMode,
      sources,
    );
  }
  if (volume.downwardAPI !== undefined)
    return fromDownward(
      volume.downwardAPI.items ?? [],
      volume.downwardAPI.defaultMode ?? DEFAULT_MODE,
      sources,
    );
  if (volume.projected === undefined) return undefined;
  const files = new Map<string, VolumeFile>();
  for (const projection of volume.projected.sources ?? []) {
    const part = await fromProjection(projection, volume.projected.defaultMode ?? DEFAULT_MODE, sources);
    for (const [path, file] of part) files.set(path, file);
  }
  return files;
}

async function fromProjection(
  projection: Projection,
  mode: number,
  sources: FileSources,
): Promise<VolumeFiles> {
  if (projection.configMap !== undefined) return fromConfigMap(projection.configMap, mode, sources);
  if (projection.secret !== undefined) return fromSecret(projection.secret, mode, sources);
  if (projection.downwardAPI !== undefined)
    return fromDownward(projection.downwardAPI.items ?? [], mode, sources);
  if (projection.serviceAccountToken !== undefined) {
    const { audience, expirationSeconds = DEFAULT_TOKEN_SECONDS, path } = projection.serviceAccountToken;
    const token = await sources.token(audience, expirationSeconds);
    return new Map([[path, { content: Buffer.from(token), mode }]]);
  }
  throw new VolumeError('the sandbox has no such projected volume source; see docs/SANDBOX.md');
}

interface KeySource {
  name?: string;
  items?: Item[];
  optional?: boolean;
}

function fromConfigMap(
  { name = '', items, optional = false }: KeySource,
  mode: number,
  sources: FileSources,
): VolumeFiles {
  const found = sources.configMap(name);
  if (found === undefined && !optional) throw new VolumeError(`configmap "${name}" not found`);
  const entries = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(found?.data ?? {})) entries.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(found?.binaryData ?? {}))
    entries.set(key, Buffer.from(text, 'base64'));
  return select(entries, items, mode, optional);
}

function fromSecret(
  { name = '', items, optional = false }: KeySource,
  mode: number,
  sources: FileSources,
): VolumeFiles {
  const found = sources.secret(name);
  if (found === undefined && !optional) throw new VolumeError(`secret "${name}" not found`);
  const entries = Object.entries(found?.data ?? {}).map(
    ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
  );
  return select(new Map(entries), items, mode, optional);
}

function select(
  entries: ReadonlyMap<string, Buffer>,
  items: Item[] | undefined,
  mode: number,
  isOptional: boolean,
): VolumeFiles {
  const files = new Map<string, VolumeFile>();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of entries) files.set(key, { content, mode });
    return files;
  }
  for (const { key, path, mode: own = mode } of items) {
    const content = entries.get(key);
    if (content !== undefined) files.set(path, { content, mode: own });
    else if (!isOptional) throw new VolumeError(`references non-existent config key: ${key}`);
  }
  return files;
}

function fromDownward(
  items: readonly DownwardItem[],
  mode: number,
  { pod, podAddress }: FileSources,
): VolumeFiles {
  const files = new Map<string, VolumeFile>();
  for (const { path, fieldRef, resourceFieldRef, mode: own = mode } of items) {
    const text =
      fieldRef !== undefined
        ? readPodField(pod, fieldRef.fieldPath, podAddress)
        : resourceFieldRef !== undefined
          ? readResourceField(pod, {}, resourceFieldRef)
          : '';
    files.set(path, { content: Buffer.from(text), mode: own });
  }
  return files;
}
