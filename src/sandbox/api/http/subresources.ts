/** The subresources that answer with an object: scale, eviction, binding, tokens. */
import { isMap, mapIn, mapsIn, textOf, type JsonMap, type KubeObject } from '../../store/index.ts';
import type { ServiceAccountTokens } from '../auth/tokens.ts';
import { applyJsonPatch, applyMergePatch } from '../patch/json-patch.ts';
import { asObject, parseBody } from './body.ts';
import { toScale, withScale } from './scale.ts';
import { deleteChoices, writeOptions, type Write } from './writes.ts';

export async function writeScale(write: Write, method: string): Promise<JsonMap> {
  const document = parseBody(write.body, write.contentType);
  const type = write.contentType.split(';')[0]?.trim();
  const { registry, definition, namespace, name = '' } = write;
  const options = { ...writeOptions(write), subresource: undefined };
  const stored = await registry.update(
    definition,
    { namespace, name },
    (copy) => {
      const scale = toScale(copy);
      if (method === 'PATCH') delete scale.metadata.resourceVersion;
      const next =
        method === 'PUT'
          ? document
          : type === 'application/json-patch+json'
            ? applyJsonPatch(scale, document)
            : applyMergePatch(scale, document);
      const given = asObject(next);
      return withScale(definition, copy, {
        ...given,
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: mapIn(given, 'metadata'),
      });
    },
    options,
  );
  return toScale(stored);
}

/** Without disruption budgets an eviction is a deletion. */
export async function evict(write: Write): Promise<JsonMap> {
  const eviction = asObject(parseBody(write.body, write.contentType));
  const options = isMap(eviction['deleteOptions']) ? eviction['deleteOptions'] : {};
  const choices = deleteChoices({
    body: Buffer.from(JSON.stringify(options)),
    contentType: 'application/json',
    query: write.query,
  });
  const place = { namespace: write.namespace, name: write.name ?? '' };
  await write.registry.delete(write.definition, place, choices, writeOptions(write));
  return success(201);
}

export async function bind(write: Write): Promise<JsonMap> {
  const binding = asObject(parseBody(write.body, write.contentType));
  const node = textOf(mapIn(binding, 'target')['name']);
  await write.registry.update(
    write.definition,
    { namespace: write.namespace, name: write.name ?? '' },
    (pod: KubeObject) => {
      mapIn(pod, 'spec')['nodeName'] = node;
      const status = mapIn(pod, 'status');
      const conditions = mapsIn(status, 'conditions').filter((item) => item['type'] !== 'PodScheduled');
      status['conditions'] = [
        ...conditions,
        { type: 'PodScheduled', status: 'True', lastTransitionTime: write.registry.now() },
      ];
      return pod;
    },
    writeOptions(write),
  );
  return success(201);
}

export function requestToken(write: Write, tokens: ServiceAccountTokens): JsonMap {
  const request = asObject(parseBody(write.body, write.contentType));
  const spec = mapIn(request, 'spec');
  const bound =
    isMap(spec['boundObjectRef']) && spec['boundObjectRef']['kind'] === 'Pod'
      ? spec['boundObjectRef']
      : undefined;
  const { token, expiresAtMs, audiences } = tokens.issue({
    namespace: write.namespace ?? '',
    serviceAccount: write.name ?? '',
    audiences: Array.isArray(spec['audiences']) ? spec['audiences'].map(textOf) : [],
    ...(typeof spec['expirationSeconds'] === 'number'
      ? { expirationSeconds: spec['expirationSeconds'] }
      : {}),
    ...(bound === undefined ? {} : { pod: { name: textOf(bound['name']), uid: textOf(bound['uid']) } }),
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: write.name, namespace: write.namespace },
    spec: { ...spec, audiences },
    status: { token, expirationTimestamp: new Date(expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z') },
  };
}

function success(code: number): JsonMap {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
}
