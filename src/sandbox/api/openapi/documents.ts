/** OpenAPI documents, made when first asked for. */
import { createHash } from 'node:crypto';
import { apiVersionOf, resourceDefinitions } from '../resources.ts';
import { serverVersion } from '../version.ts';
import { openApiPaths, openApiSchemas } from './schemas.ts';

export interface OpenApiDocument {
  contentType: string;
  body: string;
}

const info = { title: 'Kubernetes', version: serverVersion['gitVersion'] };

const made = new Map<string, string>();

/** The document at `path`; undefined when it is none. Protobuf is not spoken: clients that ask for it take JSON too. */
export function openApiDocument(path: string): OpenApiDocument | undefined {
  const body = made.get(path) ?? make(path);
  if (body === undefined) return undefined;
  made.set(path, body);
  return { contentType: 'application/json', body };
}

function make(path: string): string | undefined {
  if (path === '/openapi/v2')
    return JSON.stringify({
      swagger: '2.0',
      info,
      paths: openApiPaths(),
      definitions: openApiSchemas('#/definitions/'),
    });
  if (path === '/openapi/v3')
    return JSON.stringify({ paths: Object.fromEntries(groupPaths().map(reference)) });
  const found = groupPaths().find(([groupPath]) => path === `/openapi/v3/${groupPath}`);
  if (found === undefined) return undefined;
  return JSON.stringify({
    openapi: '3.0.0',
    info,
    paths: openApiPaths(found[1]),
    components: { schemas: openApiSchemas('#/components/schemas/') },
  });
}

function groupPaths(): [path: string, group: string][] {
  const versions = new Map(
    resourceDefinitions.map((definition) => [
      definition.group === '' ? 'api/v1' : `apis/${apiVersionOf(definition)}`,
      definition.group,
    ]),
  );
  return [...versions];
}

/** The hash lets clients keep the document until it changes. */
function reference([path]: [string, string]): [string, object] {
  const hash = createHash('sha256')
    .update(`${path} ${info.version ?? ''}`)
    .digest('hex')
    .toUpperCase();
  return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
}
