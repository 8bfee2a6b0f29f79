/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- JSON of any shape; the assertions say which */
/** The behaviour of the API server, the same on the sandbox and on a real Kubernetes (1.20 in test/cluster). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWebhook } from '../support/admission-webhook.ts';
import {
  behaviourTarget,
  type Answer,
  type BehaviourTarget,
  type Json,
} from '../support/behaviour-target.ts';

let target: BehaviourTarget;
let maps: string;

before(async () => {
  target = await behaviourTarget();
  maps = `/api/v1/namespaces/${target.namespace}/configmaps`;
});
after(() => target.close());

const json = { merge: 'application/merge-patch+json', list: 'application/json-patch+json' };
const strategic = 'application/strategic-merge-patch+json';
const applied = 'application/apply-patch+yaml';

function create(name: string, more: object = {}): Promise<Answer> {
  const { metadata, ...rest } = more as { metadata?: object };
  return target.call('POST', maps, { body: { metadata: { name, ...metadata }, ...rest } });
}

const deployment = (name: string): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'one', image: 'one:1' }] },
    },
  },
});

test('a new object has a uid, a revision and a time; the second of its name is refused', async () => {
  const { code, body } = await create('first', { data: { a: '1' } });
  assert.equal(code, 201);
  assert.equal(body.kind, 'ConfigMap');
  assert.match(body.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(body.metadata.resourceVersion, /^\d+$/);
  assert.match(body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const again = await create('first');
  assert.equal(again.code, 409);
  assert.equal(again.body.reason, 'AlreadyExists');
  assert.equal(again.body.message, 'configmaps "first" already exists');
});

test('what is missing, misnamed or of another type is refused with a Status', async () => {
  const missing = await target.call('GET', `${maps}/missing`);
  assert.deepEqual([missing.code, missing.body.message], [404, 'configmaps "missing" not found']);
  assert.deepEqual(missing.body.details, { name: 'missing', kind: 'configmaps' });
  const misnamed = await create('Wrong_Name');
  assert.equal(misnamed.code, 422);
  assert.equal(misnamed.body.reason, 'Invalid');
  assert.match(
    misnamed.body.message,
    /^ConfigMap "Wrong_Name" is invalid: metadata\.name: Invalid value: "Wrong_Name": /,
  );
  assert.equal(misnamed.body.details.causes[0].field, 'metadata.name');
  assert.equal((await create('mistyped', { data: { a: 1 } })).code, 400);
});

test('generateName makes five characters of its own', async () => {
  const { body } = await target.call('POST', maps, { body: { metadata: { generateName: 'made-' } } });
  assert.match(body.metadata.name, /^made-[a-z0-9]{5}$/);
});

test('an update with an old revision is a conflict, without one it is not', async () => {
  const { body } = await create('versions', { data: { a: '1' } });
  const next = { ...body, data: { a: '2' } };
  const updated = await target.call('PUT', `${maps}/versions`, { body: next });
  assert.equal(updated.code, 200);
  const late = await target.call('PUT', `${maps}/versions`, { body: { ...body, data: { a: '3' } } });
  assert.equal(late.code, 409);
  assert.equal(
    late.body.message,
    'Operation cannot be fulfilled on configmaps "versions": the object has been modified; please apply your changes to the latest version and try again',
  );
  const blind = await target.call('PUT', `${maps}/versions`, {
    body: { metadata: { name: 'versions' }, data: { a: '4' } },
  });
  assert.deepEqual([blind.code, blind.body.data], [200, { a: '4' }]);
});

test('a write that changes nothing makes no revision', async () => {
  const { body } = await create('still', { data: { a: '1' } });
  const same = await target.call('PATCH', `${maps}/still`, {
    body: { data: { a: '1' } },
    contentType: json.merge,
  });
  assert.equal(same.body.metadata.resourceVersion, body.metadata.resourceVersion);
});

test('merge patches and JSON patches', async () => {
  await create('patched', { data: { a: '1', b: '2' } });
  const merged = await target.call('PATCH', `${maps}/patched`, {
    body: { data: { a: null, c: '3' } },
    contentType: json.merge,
  });
  assert.deepEqual(merged.body.data, { b: '2', c: '3' });
  const operations = [
    { op: 'test', path: '/data/b', value: '2' },
    { op: 'add', path: '/data/a~1b', value: 'x' },
    { op: 'remove', path: '/data/c' },
  ];
  // A key with a slash is no key of a ConfigMap.
  const refused = await target.call('PATCH', `${maps}/patched`, { body: operations, contentType: json.list });
  assert.equal(refused.code, 422);
  const done = await target.call('PATCH', `${maps}/patched`, {
    body: [operations[0], { op: 'add', path: '/data/d', value: 'x' }, operations[2]],
    contentType: json.list,
  });
  assert.deepEqual(done.body.data, { b: '2', d: 'x' });
  const failed = await target.call('PATCH', `${maps}/patched`, {
    body: [{ op: 'test', path: '/data/b', value: '9' }],
    contentType: json.list,
  });
  assert.equal(failed.code, 422);
});

test('strategic patches merge containers by name, and delete by directive', async () => {
  const path = `/apis/apps/v1/namespaces/${target.namespace}/deployments`;
  assert.equal((await target.call('POST', path, { body: deployment('merged') })).code, 201);
  const patch = (containers: object[]): Promise<Answer> =>
    target.call('PATCH', `${path}/merged`, {
      body: { spec: { template: { spec: { containers } } } },
      contentType: strategic,
    });
  const added = await patch([{ name: 'two', image: 'two:1', env: [{ name: 'A', value: '1' }] }]);
  assert.deepEqual(added.body.spec.template.spec.containers.map((container: Json) => container.name).sort(), [
    'one',
    'two',
  ]);
  await patch([{ name: 'two', env: [{ name: 'B', value: '2' }] }]);
  const left = await patch([{ name: 'one', $patch: 'delete' }]);
  const [two, ...others] = left.body.spec.template.spec.containers;
  assert.deepEqual(others, []);
  assert.deepEqual(two.env.map((variable: Json) => variable.name).sort(), ['A', 'B']);
  assert.equal(two.imagePullPolicy, 'IfNotPresent');
  assert.equal(left.body.metadata.generation, 4);
});

test('server-side apply keeps what others own, names conflicts, and takes by force', async () => {
  const apply = (manager: string, data: object, force = false): Promise<Answer> =>
    target.call('PATCH', `${maps}/shared?fieldManager=${manager}&force=${String(force)}`, {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data },
      contentType: applied,
    });
  assert.equal((await apply('alice', { a: '1', b: '1' })).code, 201);
  const both = await apply('bob', { b: '1', c: '2' });
  assert.deepEqual([both.code, both.body.data], [200, { a: '1', b: '1', c: '2' }]);
  const conflict = await apply('bob', { a: '9', c: '2' });
  assert.equal(conflict.code, 409);
  assert.match(
    conflict.body.message,
    /^Apply failed with 1 conflict: conflict with "alice"(?: using v1)?: \.data\.a$/,
  );
  assert.equal(conflict.body.details.causes[0].field, '.data.a');
  const forced = await apply('bob', { a: '9', c: '2' }, true);
  assert.deepEqual(forced.body.data, { a: '9', b: '1', c: '2' });
  // Alice gave up nothing of b; with a Bob's now, leaving it out removes b only.
  const less = await apply('alice', {});
  assert.deepEqual(less.body.data, { a: '9', c: '2' });
  const managers = less.body.metadata.managedFields.map((entry: Json) => [entry.manager, entry.operation]);
  assert.deepEqual(
    managers.filter(([manager]: string[]) => manager === 'bob'),
    [['bob', 'Apply']],
  );
});

test("an ordinary write becomes its manager's, by the field", async () => {
  await create('managed', { data: { a: '1' } });
  const { body } = await target.call('PATCH', `${maps}/managed?fieldManager=carol`, {
    body: { data: { b: '2' } },
    contentType: json.merge,
  });
  const carol = body.metadata.managedFields.find((entry: Json) => entry.manager === 'carol');
  assert.equal(carol.operation, 'Update');
  assert.deepEqual(carol.fieldsV1, { 'f:data': { 'f:b': {} } });
});

test('a dry run answers as if, and stores nothing', async () => {
  const dry = await target.call('POST', `${maps}?dryRun=All`, { body: { metadata: { name: 'dry' } } });
  assert.equal(dry.code, 201);
  assert.equal((await target.call('GET', `${maps}/dry`)).code, 404);
});

test('lists: selectors, and pages that fit together', async () => {
  for (const [name, tier] of [
    ['page-a', 'x'],
    ['page-b', 'y'],
    ['page-c', 'x'],
  ] as const)
    await create(name, { metadata: { labels: { page: 'yes', tier } } });
  const names = ({ body }: Answer): string[] => body.items.map((item: Json) => item.metadata.name);
  const query = (text: string): Promise<Answer> => target.call('GET', `${maps}?${text}`);
  assert.deepEqual(names(await query('labelSelector=page,tier%20in%20(x)')), ['page-a', 'page-c']);
  assert.deepEqual(names(await query('labelSelector=page=yes,tier!=x')), ['page-b']);
  assert.deepEqual(names(await query('fieldSelector=metadata.name=page-b')), ['page-b']);
  const first = await query('labelSelector=page&limit=2');
  assert.deepEqual(names(first), ['page-a', 'page-b']);
  await target.call('DELETE', `${maps}/page-c`);
  const next = encodeURIComponent(String(first.body.metadata.continue));
  const second = await query(`labelSelector=page&limit=2&continue=${next}`);
  // The second page shows the state of the first one's time.
  assert.deepEqual(names(second), ['page-c']);
  assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  assert.equal((await query('fieldSelector=data.a=1')).code, 400);
});

test('a watch goes on from a revision, and shows what leaves its selection as deleted', async () => {
  const { body } = await create('watched', { metadata: { labels: { seen: 'yes' } } });
  const since = Number(body.metadata.resourceVersion) - 1;
  const relabel = (seen: string): Promise<Answer> =>
    target.call('PATCH', `${maps}/watched`, {
      body: { metadata: { labels: { seen } } },
      contentType: json.merge,
    });
  await target.call('PATCH', `${maps}/watched`, { body: { data: { a: '1' } }, contentType: json.merge });
  await relabel('no');
  const path = `${maps}?watch=true&resourceVersion=${String(since)}&labelSelector=seen=yes`;
  const events = await target.watch(path, (seen) => seen.length >= 3);
  assert.deepEqual(
    events.map((event) => event.type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  );
  assert.deepEqual(events[1].object.data, { a: '1' });
});

test('a finalizer holds what is deleted', async () => {
  await create('held', { metadata: { finalizers: ['example.com/hold'] } });
  const marked = await target.call('DELETE', `${maps}/held`);
  assert.equal(marked.code, 200);
  const { body } = await target.call('GET', `${maps}/held`);
  assert.ok(body.metadata.deletionTimestamp);
  await target.call('PATCH', `${maps}/held`, {
    body: { metadata: { finalizers: null } },
    contentType: json.merge,
  });
  assert.equal((await target.call('GET', `${maps}/held`)).code, 404);
});

test('what is owned goes with its owner, or is orphaned', async () => {
  const gone = (name: string): Promise<Json[]> =>
    target.watch(`${maps}?watch=true&fieldSelector=metadata.name=${name}`, (events) =>
      events.some((event) => event.type === 'DELETED'),
    );
  const own = async (owner: string, dependent: string): Promise<void> => {
    const { uid } = (await create(owner)).body.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid }];
    await create(dependent, { metadata: { ownerReferences } });
  };
  await own('owner', 'dependent');
  const deleted = gone('dependent');
  await target.call('DELETE', `${maps}/owner`, { body: { propagationPolicy: 'Background' } });
  await deleted;
  await own('parent', 'orphan');
  const parentGone = gone('parent');
  await target.call('DELETE', `${maps}/parent`, { body: { propagationPolicy: 'Orphan' } });
  await parentGone;
  const { code, body } = await target.call('GET', `${maps}/orphan`);
  assert.equal(code, 200);
  assert.equal(body.metadata.ownerReferences, undefined);
});

test('rights: nothing without a role, what the role says with it', async () => {
  const { namespace } = target;
  const refused = await target.call('GET', maps, { as: 'mallory' });
  assert.equal(refused.code, 403);
  assert.equal(
    refused.body.message,
    `configmaps is forbidden: User "mallory" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
  );
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await target.call('POST', `${rbac}/roles`, {
    body: {
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
    },
  });
  await target.call('POST', `${rbac}/rolebindings`, {
    body: {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'User', name: 'mallory', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  });
  const review = async (verb: string): Promise<boolean> => {
    const resourceAttributes = { verb, resource: 'configmaps', namespace };
    const { body } = await target.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: { spec: { user: 'mallory', resourceAttributes } },
    });
    return body.status.allowed as boolean;
  };
  // An authorizer may learn of the binding a moment later.
  let allowed = false;
  for (let tries = 0; tries < 200 && !allowed; tries += 1) allowed = await review('list');
  assert.ok(allowed);
  assert.equal(await review('delete'), false);
  assert.equal((await target.call('GET', maps, { as: 'mallory' })).code, 200);
});

test('scale writes the replicas of a workload', async () => {
  const path = `/apis/apps/v1/namespaces/${target.namespace}/deployments`;
  await target.call('POST', path, { body: deployment('scaled') });
  const { body } = await target.call('GET', `${path}/scaled/scale`);
  assert.deepEqual([body.kind, body.apiVersion, body.spec.replicas ?? 0], ['Scale', 'autoscaling/v1', 0]);
  const scaled = await target.call('PATCH', `${path}/scaled/scale`, {
    body: { spec: { replicas: 2 } },
    contentType: json.merge,
  });
  assert.deepEqual([scaled.code, scaled.body.spec.replicas], [200, 2]);
  assert.equal((await target.call('GET', `${path}/scaled`)).body.spec.replicas, 2);
});

test('a selector cannot be changed, and has to fit the template', async () => {
  const path = `/apis/apps/v1/namespaces/${target.namespace}/deployments`;
  await target.call('POST', path, { body: deployment('fixed') });
  const changed = await target.call('PATCH', `${path}/fixed`, {
    body: {
      spec: {
        selector: { matchLabels: { app: 'other' } },
        template: { metadata: { labels: { app: 'other' } } },
      },
    },
    contentType: json.merge,
  });
  assert.equal(changed.code, 422);
  assert.match(changed.body.message, /spec\.selector: Invalid value: .*: field is immutable/);
  const unfit = deployment('unfit');
  unfit.spec.template.metadata.labels = { app: 'else' };
  const refused = await target.call('POST', path, { body: unfit });
  assert.equal(refused.code, 422);
  assert.match(refused.body.message, /`selector` does not match template `labels`/);
});

test('tables have the columns that kubectl prints', async () => {
  const { body } = await target.call('GET', maps, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  assert.equal(body.kind, 'Table');
  assert.deepEqual(
    body.columnDefinitions.map((column: Json) => column.name),
    ['Name', 'Data', 'Age'],
  );
  assert.equal(body.rows[0].object.kind, 'PartialObjectMetadata');
});

test('discovery names the resources, their short names and subresources', async () => {
  const { body } = await target.call('GET', '/api/v1');
  const byName = new Map<string, Json>(body.resources.map((resource: Json) => [resource.name, resource]));
  assert.deepEqual(byName.get('pods').shortNames, ['po']);
  for (const name of [
    'pods/log',
    'pods/exec',
    'pods/portforward',
    'pods/eviction',
    'pods/ephemeralcontainers',
  ])
    // 1.20 has ephemeral containers behind a feature gate.
    if (target.isSandbox || name !== 'pods/ephemeralcontainers') assert.ok(byName.has(name), name);
  assert.equal((await target.call('GET', '/apis/nothing.example/v1/things')).code, 404);
});

test('unknown fields are an error where strictness is asked for', async (context) => {
  if (!target.isSandbox) {
    context.skip('field validation came with Kubernetes 1.25');
    return;
  }
  const { code, body } = await target.call('POST', `${maps}?fieldValidation=Strict`, {
    body: { metadata: { name: 'strict' }, dta: {} },
  });
  assert.equal(code, 400);
  assert.match(body.message, /strict decoding error: unknown field "dta"$/);
});

test('webhooks change and refuse what their rules cover', async (context) => {
  if (!target.isSandbox) {
    context.skip('the API server of test/cluster cannot reach this process');
    return;
  }
  const webhook = await startWebhook((review) =>
    review.request.object.data?.bad === undefined
      ? { patch: [{ op: 'add', path: '/metadata/annotations', value: { seen: review.request.operation } }] }
      : { refuse: 'bad is bad' },
  );
  const url = (kind: string): string => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`;
  const body = {
    metadata: { name: target.namespace },
    webhooks: [
      {
        name: 'test.example.com',
        clientConfig: { url: webhook.url, caBundle: webhook.authority },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  };
  try {
    assert.equal((await target.call('POST', url('mutating'), { body })).code, 201);
    assert.deepEqual((await create('hooked')).body.metadata.annotations, { seen: 'CREATE' });
    const { code, body: refused } = await create('bad', { data: { bad: '1' } });
    assert.equal(code, 400);
    assert.equal(refused.message, 'admission webhook "test.example.com" denied the request: bad is bad');
    await webhook.close();
    assert.equal((await create('unheard')).code, 500);
  } finally {
    await target.call('DELETE', `${url('mutating')}/${target.namespace}`);
    await webhook.close();
  }
  assert.equal((await create('unhooked')).code, 201);
});
