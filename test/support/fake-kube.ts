/**
 * A Kubernetes API in memory behind the interface of KubeClient: objects by path, optimistic locking, generations, watches.
 * It has no controllers and no admission of its own: `onWrite` and `refuse` add what a test needs.
 */
import { Readable } from 'node:stream';
import { createError } from '../../src/errors/index.ts';
import { applyPatch, type PatchOperation } from '../../src/intercepts/json-patch.ts';
import type { KubeClient, KubernetesObject, Right } from '../../src/kube/index.ts';

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type, as with KubeClient */

export interface FakeKube extends KubeClient {
  /** Stores an object under its path as a controller or another person would. */
  put(path: string, object: object): void;
  /** Removes an object at once. */
  drop(path: string): void;
  read<T extends KubernetesObject>(path: string): T;
  has(path: string): boolean;
  /** Every object of the collection at `path`. */
  all<T extends KubernetesObject>(path: string): T[];
  /** Writes so far, as `PATCH /apis/…`; dry runs as `POST(dry) …`. */
  readonly writes: string[];
  /** Called after each change, also those of `put` and `drop`. */
  onWrite(listener: () => void): void;
  /** Fails requests like `PATCH /api/v1/…` that match, `times` times (default: always). */
  refuse(pattern: RegExp, error: () => Error, times?: number): void;
  /** Rights that the user lacks, as `verb resource`. */
  readonly lacking: Set<string>;
}

/** The error that an answer with this status becomes. */
export function statusError(status: number, kubeReason: string, reason: string = kubeReason): Error {
  const details = { action: 'do it', reason, status, kubeReason, causes: [] };
  return kubeReason === 'Conflict'
    ? createError('KUBE_CONFLICT', details)
    : createError('KUBE_REQUEST_FAILED', details);
}

interface Follower {
  path: string;
  labelSelector: string | undefined;
  fieldSelector: string | undefined;
  onChange: (items: ReadonlyMap<string, KubernetesObject>) => void;
}

interface Rule {
  pattern: RegExp;
  error: () => Error;
  times: number;
}

export function createFakeKube({ minor = 20 }: { minor?: number } = {}): FakeKube {
  const objects = new Map<string, KubernetesObject>();
  const followers = new Set<Follower>();
  const listeners: (() => void)[] = [];
  const rules: Rule[] = [];
  const writes: string[] = [];
  const lacking = new Set<string>();
  let version = 100;
  let uid = 0;

  function check(request: string): void {
    const rule = rules.find(({ pattern, times }) => times > 0 && pattern.test(request));
    if (rule === undefined) return;
    rule.times -= 1;
    throw rule.error();
  }

  function select(path: string, labelSelector?: string, fieldSelector?: string): KubernetesObject[] {
    return [...objects]
      .filter(([key]) => key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/'))
      .map(([, object]) => object)
      .filter((object) => matchesLabels(object, labelSelector) && matchesFields(object, fieldSelector));
  }

  function store(path: string, object: KubernetesObject): KubernetesObject {
    const before = objects.get(path) as { metadata?: { generation?: number }; spec?: unknown } | undefined;
    const after = object as { metadata?: { generation?: number }; spec?: unknown };
    const isNew = JSON.stringify(before?.spec) !== JSON.stringify(after.spec);
    version += 1;
    const stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: object.metadata?.uid ?? `uid-${(uid += 1)}`,
        resourceVersion: String(version),
        generation: (before?.metadata?.generation ?? 0) + (isNew ? 1 : 0),
      },
    };
    objects.set(path, stored);
    changed();
    return structuredClone(stored);
  }

  function changed(): void {
    for (const listener of listeners) listener();
    for (const follower of followers) tell(follower);
  }

  function tell({ path, labelSelector, fieldSelector, onChange }: Follower): void {
    const items = select(path, labelSelector, fieldSelector).map((item) => structuredClone(item));
    onChange(new Map(items.map((item) => [item.metadata?.name ?? '', item])));
  }

  function find(path: string): KubernetesObject {
    const object = objects.get(path);
    if (object === undefined) throw statusError(404, 'NotFound', `${path} not found`);
    return object;
  }

  const kube: FakeKube = {
    context: 'fake',
    namespace: 'shop',
    server: 'https://fake',
    user: 'tester',
    writes,
    lacking,
    put: (path, object) => void store(path, structuredClone(object)),
    drop(path) {
      objects.delete(path);
      changed();
    },
    read: (path) => structuredClone(find(path)) as never,
    has: (path) => objects.has(path),
    all: (path) => structuredClone(select(path)) as never,
    onWrite: (listener) => void listeners.push(listener),
    refuse: (pattern, error, times = Number.POSITIVE_INFINITY) => void rules.push({ pattern, error, times }),
    get: async (path) =>
      answer(
        () => check(`GET ${path}`),
        () => structuredClone(find(path)) as never,
      ),
    find: async (path) =>
      answer(
        () => check(`GET ${path}`),
        () => structuredClone(objects.get(path)) as never,
      ),
    getText: async () => Promise.resolve(''),
    streamText: async () => Promise.resolve(Readable.from([])),
    list: async (path, { labelSelector, fieldSelector }) =>
      answer(
        () => check(`LIST ${path}`),
        () => ({
          items: structuredClone(select(path, labelSelector, fieldSelector)) as never[],
          resourceVersion: String(version),
        }),
      ),
    create: async (path, body, { dryRun = false }) => {
      await Promise.resolve();
      const request = `POST${dryRun ? '(dry)' : ''} ${path}`;
      writes.push(request);
      check(request);
      if (dryRun) return body as never;
      if (path.endsWith('/eviction')) {
        kube.drop(path.replace(/\/eviction$/, ''));
        return body as never;
      }
      const object = structuredClone(body) as KubernetesObject;
      const key = `${path}/${object.metadata?.name ?? ''}`;
      if (objects.has(key)) throw statusError(409, 'AlreadyExists');
      return store(key, object) as never;
    },
    replace: async (path, body) => {
      await Promise.resolve();
      writes.push(`PUT ${path}`);
      check(`PUT ${path}`);
      return store(path, structuredClone(body)) as never;
    },
    patch: async (path, patch, { type }) => {
      await Promise.resolve();
      writes.push(`PATCH ${path}`);
      check(`PATCH ${path}`);
      const object = find(path);
      if (type !== 'json') return store(path, mergePatch(object, patch) as KubernetesObject) as never;
      const operations = patch as PatchOperation[];
      const lock = operations.find((operation) => operation.path === '/metadata/resourceVersion');
      if (lock !== undefined && 'value' in lock && lock.value !== object.metadata?.resourceVersion)
        throw statusError(409, 'Conflict');
      return store(path, applyPatch(object, operations)) as never;
    },
    delete: async (path, { preconditions }) => {
      await Promise.resolve();
      writes.push(`DELETE ${path}`);
      check(`DELETE ${path}`);
      const object = objects.get(path);
      if (object === undefined) return;
      if (preconditions?.uid !== undefined && preconditions.uid !== object.metadata?.uid)
        throw statusError(409, 'Conflict');
      kube.drop(path);
    },
    follow: async (path, { labelSelector, fieldSelector, signal, onChange, onError }) => {
      await Promise.resolve();
      try {
        check(`WATCH ${path}`);
      } catch (error) {
        onError?.(error as never);
        return untilAborted(signal);
      }
      const follower: Follower = { path, labelSelector, fieldSelector, onChange: onChange as never };
      if (signal.aborted) return;
      tell(follower);
      followers.add(follower);
      await untilAborted(signal);
      followers.delete(follower);
    },
    missingRights: (rights) => Promise.resolve(rights.filter((right) => lacking.has(describe(right)))),
    portForward: () => Promise.reject(new Error('the fake has no pods to connect to')),
    version: () => Promise.resolve({ major: 1, minor, gitVersion: `v1.${minor}.0` }),
    close: () => undefined,
  };
  return kube;
}

function describe({ verb, resource }: Right): string {
  return `${verb} ${resource}`;
}

async function answer<T>(check: () => void, result: () => T): Promise<T> {
  await Promise.resolve();
  check();
  return result();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Equalities only: `app=web,tier=front`. */
function matchesLabels({ metadata }: KubernetesObject, selector = ''): boolean {
  return selector
    .split(',')
    .filter(Boolean)
    .every((term) => metadata?.labels?.[term.split('=')[0] ?? ''] === term.split('=')[1]);
}

function matchesFields(object: KubernetesObject, selector = ''): boolean {
  return selector
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [path = '', value] = term.split('=');
      const found = path
        .split('.')
        .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], object);
      return found === value;
    });
}

/** JSON Merge Patch (RFC 7396). */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- what RFC 7396 says of null
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
