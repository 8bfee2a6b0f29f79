/** One request: who asks, may they, and what they get. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger } from '../../../core/index.ts';
import {
  forbidden,
  methodNotAllowed,
  pathNotFound,
  type JsonMap,
  type KubeObject,
} from '../../store/index.ts';
import { authenticate, type TokenReader } from '../auth/authenticator.ts';
import { refusalText, type Attributes, type RoleBasedAccess } from '../auth/rbac.ts';
import { answerReview } from '../auth/reviews.ts';
import type { ServiceAccountTokens } from '../auth/tokens.ts';
import { discoveryDocument } from '../discovery.ts';
import { openApiDocument } from '../openapi/documents.ts';
import { subject, type Registry } from '../registry.ts';
import type { UserInfo } from '../user.ts';
import { serverVersion } from '../version.ts';
import { sendJson, sendRefusal } from './answer.ts';
import { asObject, parseBody, readBody } from './body.ts';
import { listPage, selection } from './list.ts';
import { readRequestInfo, type PathRequest, type ResourceRequest } from './request-info.ts';
import { toScale } from './scale.ts';
import { chooseForm, shapeList, shapeObject, type Shape } from './shape.ts';
import { bind, evict, requestToken, writeScale } from './subresources.ts';
import { serveWatch } from './watch.ts';
import {
  create,
  deleteChoices,
  patch,
  readObject,
  remove,
  update,
  writeOptions,
  type Write,
} from './writes.ts';

export interface HandlerOptions {
  registry: Registry;
  access: RoleBasedAccess;
  tokens: ServiceAccountTokens;
  readToken: TokenReader;
  clock: Clock;
  logger: Logger;
  /** Serves `log`, and what upgrades to a stream. */
  streams: StreamHandler;
}

export interface StreamHandler {
  logs(request: ResourceRequest, query: URLSearchParams, response: ServerResponse): Promise<void>;
}

export class RequestHandler {
  readonly #options: HandlerOptions;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('audit-id', crypto.randomUUID());
    try {
      await this.#answer(request, response);
    } catch (error) {
      const { logger } = this.#options;
      if (error instanceof Error && error.name !== 'ApiError')
        logger.error('a request failed', { path: request.url, error: error.stack ?? error.message });
      sendRefusal(request, response, error);
    }
  }

  /** Who asks and for what, once they may. @throws {ApiError} 401 or 403 */
  admit(request: IncomingMessage, url: URL): { info: ReturnType<typeof readRequestInfo>; user: UserInfo } {
    const user = authenticate(request, this.#options.readToken);
    const info = readRequestInfo(request.method ?? 'GET', url);
    if (info.kind === 'missing') {
      this.#authorize(user, { verb: 'get', path: info.path });
      throw pathNotFound();
    }
    if (info.kind === 'path') this.#authorize(user, info);
    else this.#authorize(user, attributesOf(info), info);
    return { info, user };
  }

  #authorize(user: UserInfo, attributes: Attributes, info?: ResourceRequest): void {
    if (this.#options.access.allows(user, attributes) !== undefined) return;
    const why = refusalText(user, attributes);
    if (info === undefined) {
      const path = 'path' in attributes ? attributes.path : '';
      throw forbidden({ group: '', plural: path, kind: '' }, why);
    }
    throw forbidden(subject(info.definition, info.name), why);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://sandbox');
    const { info, user } = this.admit(request, url);
    if (info.kind === 'missing') throw pathNotFound();
    if (info.kind === 'path') this.#answerPath(request, response, info);
    else await this.#answerResource(request, response, info, url.searchParams, user);
  }

  #answerPath(request: IncomingMessage, response: ServerResponse, { path, verb }: PathRequest): void {
    if (verb !== 'get') throw methodNotAllowed();
    const accept = request.headers.accept ?? '';
    if (['/healthz', '/livez', '/readyz'].includes(path)) {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
      return;
    }
    if (path === '/version' || path === '/version/') {
      sendJson(request, response, 200, serverVersion);
      return;
    }
    const openApi = openApiDocument(path);
    if (openApi !== undefined) {
      response.writeHead(200, { 'content-type': openApi.contentType }).end(openApi.body);
      return;
    }
    const found = discoveryDocument(path, accept);
    if (found === undefined) throw pathNotFound();
    sendJson(request, response, 200, found.document, found.contentType);
  }

  async #answerResource(
    request: IncomingMessage,
    response: ServerResponse,
    info: ResourceRequest,
    query: URLSearchParams,
    user: UserInfo,
  ): Promise<void> {
    const { registry, clock, streams } = this.#options;
    const { definition, namespace, name, subresource } = info;
    if (subresource?.name === 'log') {
      await streams.logs(info, query, response);
      return;
    }
    const form = chooseForm(request.headers.accept ?? '');
    const include = query.get('includeObject');
    const shape: Shape = {
      definition,
      form,
      include: include === 'Object' || include === 'None' ? include : 'Metadata',
      nowMs: clock.epochMs(),
    };
    const send = (code: number, object: JsonMap): void =>
      sendJson(
        request,
        response,
        code,
        isStored(object, definition.kind) ? shapeObject(shape, object) : object,
      );
    const own = definition.namespaced ? namespace : undefined;
    if (!definition.verbs.includes(info.verb as never) && subresource === undefined) throw methodNotAllowed();
    switch (info.verb) {
      case 'list': {
        const { objects, metadata } = listPage(registry.store, definition, query, own);
        sendJson(request, response, 200, shapeList(shape, objects, metadata));
        return;
      }
      case 'watch':
        serveWatch(registry.store, response, {
          query,
          shape,
          clock,
          selects: selection(definition, query, own, name),
        });
        return;
      case 'get': {
        const object = registry.read(definition, { namespace, name: name ?? '' });
        send(200, subresource?.name === 'scale' ? toScale(object) : object);
        return;
      }
      default:
        break;
    }
    const write: Write = {
      registry,
      definition,
      namespace,
      name,
      subresource: subresource?.name,
      query,
      contentType: request.headers['content-type'] ?? 'application/json',
      body: await readBody(request),
      user,
      userAgent: request.headers['user-agent'] ?? '',
      warn: (text) => response.appendHeader('warning', `299 - ${JSON.stringify(text)}`),
    };
    const [code, object] = await this.#write(write, info.verb, request.method ?? '');
    send(code, object);
  }

  async #write(write: Write, verb: string, method: string): Promise<[code: number, object: JsonMap]> {
    const { registry, tokens } = this.#options;
    switch (write.subresource) {
      case 'scale':
        return [200, await writeScale(write, method)];
      case 'eviction':
        return [201, await evict(write)];
      case 'binding':
        return [201, await bind(write)];
      case 'token':
        return [201, requestToken(write, tokens)];
      default:
        break;
    }
    if (isReview(write.definition.group)) return [201, this.#review(write)];
    switch (verb) {
      case 'create':
        return [201, await create(write)];
      case 'update':
        return [200, await update(write)];
      case 'patch': {
        const { object, created } = await patch(write);
        return [created ? 201 : 200, object];
      }
      case 'delete':
        return [200, await remove(write)];
      case 'deletecollection':
        return [200, await removeAll(write, registry)];
      default:
        throw methodNotAllowed();
    }
  }

  #review(write: Write): KubeObject {
    const { access, tokens, readToken, registry } = this.#options;
    const review = readObject(write, asObject(parseBody(write.body, write.contentType)), write.query);
    return answerReview(review, { access, tokens, readToken, user: write.user, now: registry.now() });
  }
}

const isReview = (group: string): boolean =>
  group === 'authentication.k8s.io' || group === 'authorization.k8s.io';

function isStored(object: JsonMap, kind: string): object is KubeObject {
  return object['kind'] === kind && 'metadata' in object;
}

async function removeAll(write: Write, registry: Registry): Promise<JsonMap> {
  const { definition, namespace, query } = write;
  const selects = selection(definition, query, definition.namespaced ? namespace : undefined);
  const choices = deleteChoices(write);
  const items: KubeObject[] = [];
  for (const object of registry.store.list(definition.key).filter(selects)) {
    const { metadata } = object;
    // Another may have deleted it in the meantime.
    if (registry.store.get(definition.key, metadata.namespace, metadata.name ?? '') === undefined) continue;
    const place = { namespace: metadata.namespace, name: metadata.name ?? '' };
    items.push((await registry.delete(definition, place, choices, writeOptions(write))).object);
  }
  return {
    kind: `${definition.kind}List`,
    apiVersion: items[0]?.apiVersion ?? 'v1',
    metadata: { resourceVersion: String(registry.store.revision) },
    items,
  };
}

function attributesOf({ verb, definition, namespace, name, subresource }: ResourceRequest): Attributes {
  return {
    verb,
    group: definition.group,
    resource: definition.plural,
    subresource: subresource?.name,
    namespace,
    name,
  };
}
