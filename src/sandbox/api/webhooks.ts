/** Admission webhooks: asks those that the configurations in the store name, the changing ones first. */
import { randomUUID } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import {
  internalError,
  isMap,
  mapIn,
  mapsIn,
  mutableCopy,
  refusal,
  selectorMatches,
  textOf,
  type JsonMap,
  type KubeObject,
  type ObjectStore,
} from '../store/index.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { applyJsonPatch } from './patch/json-patch.ts';
import { apiVersionOf } from './resources.ts';

/** Bytes of a webhook's answer. */
export const maximumAnswerBytes: number = 3 * 1024 * 1024;

const group = 'admissionregistration.k8s.io';
const configurations = {
  mutating: `mutatingwebhookconfigurations.${group}`,
  validating: `validatingwebhookconfigurations.${group}`,
} as const;

export class Webhooks implements Admission {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const webhook of this.#matching(configurations.mutating, request)) {
      const response = await this.#ask(webhook, request);
      const patch = response === undefined ? '' : textOf(response['patch']);
      if (patch === '' || request.object === undefined) continue;
      const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString());
      const changed = applyJsonPatch(mutableCopy(request.object), operations) as KubeObject;
      // The object that goes on is the same one: its writer holds it.
      for (const field of Object.keys(request.object)) Reflect.deleteProperty(request.object, field);
      Object.assign(request.object, changed);
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const webhook of this.#matching(configurations.validating, request))
      await this.#ask(webhook, request);
  }

  #matching(resource: string, request: AdmissionRequest): JsonMap[] {
    // Webhooks are not asked about webhooks, so that a broken one can be removed.
    if (request.definition.group === group) return [];
    return this.#store
      .list(resource)
      .flatMap((configuration) => mapsIn(configuration, 'webhooks'))
      .filter((webhook) => this.#matches(webhook, request));
  }

  #matches(
    webhook: JsonMap,
    { namespace, definition, subresource, operation, object, old }: AdmissionRequest,
  ): boolean {
    const resource = subresource === undefined ? definition.plural : `${definition.plural}/${subresource}`;
    const covered = mapsIn(webhook, 'rules').some(
      (rule) =>
        lists(rule['operations'], operation) &&
        lists(rule['apiGroups'], definition.group) &&
        lists(rule['apiVersions'], definition.version) &&
        (lists(rule['resources'], resource) ||
          (Array.isArray(rule['resources']) && rule['resources'].includes('*/*'))) &&
        ['*', definition.namespaced ? 'Namespaced' : 'Cluster'].includes(textOf(rule['scope']) || '*'),
    );
    if (!covered) return false;
    const owner =
      definition.plural === 'namespaces'
        ? (object ?? old)
        : this.#store.get('namespaces', undefined, namespace ?? '');
    if (owner !== undefined && !selectorMatches(webhook['namespaceSelector'] ?? {}, owner.metadata.labels))
      return false;
    const selector = webhook['objectSelector'] ?? {};
    return [object, old].some(
      (item) => item !== undefined && selectorMatches(selector, item.metadata.labels),
    );
  }

  /** The answer; undefined when there is none and the webhook may be passed over. @throws {ApiError} */
  async #ask(webhook: JsonMap, request: AdmissionRequest): Promise<JsonMap | undefined> {
    const name = textOf(webhook['name']);
    let response: JsonMap;
    try {
      response = await this.#call(webhook, review(request));
    } catch (error) {
      if (webhook['failurePolicy'] === 'Ignore') return undefined;
      const why = error instanceof Error ? error.message : String(error);
      throw internalError(`failed calling webhook ${JSON.stringify(name)}: failed to call webhook: ${why}`);
    }
    if (response['allowed'] === true) return response;
    const status = isMap(response['status']) ? response['status'] : {};
    const message = textOf(status['message']) || textOf(status['reason']);
    const code = typeof status['code'] === 'number' && status['code'] >= 400 ? status['code'] : 400;
    const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
    throw refusal(
      code,
      textOf(status['reason']) || (code === 403 ? 'Forbidden' : 'BadRequest'),
      message === '' ? `${denied} without explanation` : `${denied}: ${message}`,
    );
  }

  #call(webhook: JsonMap, document: JsonMap): Promise<JsonMap> {
    const { url, servername, host } = this.#address(mapIn({ ...webhook }, 'clientConfig'));
    const authority = textOf(mapIn({ ...webhook }, 'clientConfig')['caBundle']);
    const seconds = typeof webhook['timeoutSeconds'] === 'number' ? webhook['timeoutSeconds'] : 10;
    const body = JSON.stringify(document);
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), host },
      servername,
      agent: false as const,
      signal: AbortSignal.timeout(seconds * 1_000),
      ...(authority === '' ? {} : { ca: Buffer.from(authority, 'base64') }),
    };
    return new Promise((resolve, reject) => {
      const call = httpsRequest(url, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.once('error', reject);
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maximumAnswerBytes) call.destroy(new Error('the answer is too long'));
          chunks.push(chunk);
        });
        response.once('end', () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(chunks).toString());
            const inner = isMap(answer) ? answer['response'] : undefined;
            if (!isMap(inner)) throw new Error('the answer has no response');
            resolve(inner);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      call.once('error', reject).end(body);
    });
  }

  /** A Service is dialled at its address, and known by its name. */
  #address(client: JsonMap): { url: URL; servername: string; host: string } {
    if (textOf(client['url']) !== '') {
      const url = new URL(textOf(client['url']));
      return { url, servername: /^[\d.]+$/.test(url.hostname) ? '' : url.hostname, host: url.host };
    }
    const service = isMap(client['service']) ? client['service'] : {};
    const [name, namespace] = [textOf(service['name']), textOf(service['namespace'])];
    const found = this.#store.get('services', namespace, name);
    const address = found === undefined ? '' : textOf(mapIn({ ...found }, 'spec')['clusterIP']);
    if (address === '' || address === 'None') throw new Error(`service ${JSON.stringify(name)} not found`);
    const port = typeof service['port'] === 'number' ? service['port'] : 443;
    const servername = `${name}.${namespace}.svc`;
    return {
      url: new URL(textOf(service['path']) || '/', `https://${address}:${String(port)}`),
      servername,
      host: `${servername}:${String(port)}`,
    };
  }
}

function lists(value: unknown, wanted: string): boolean {
  return Array.isArray(value) && (value.includes('*') || value.includes(wanted));
}

function review(request: AdmissionRequest): JsonMap {
  const { definition, object, old, name, namespace, operation, user, dryRun, subresource } = request;
  const { group: own, version, kind, plural } = definition;
  const types = { kind: { group: own, version, kind }, resource: { group: own, version, resource: plural } };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      ...types,
      requestKind: types.kind,
      requestResource: types.resource,
      ...(subresource === undefined ? {} : { subResource: subresource, requestSubResource: subresource }),
      name,
      ...(namespace === undefined ? {} : { namespace }),
      operation,
      userInfo: user,
      object: object === undefined ? null : { ...object, apiVersion: apiVersionOf(definition), kind },
      oldObject: old ?? null,
      dryRun,
      options: null,
    },
  };
}
