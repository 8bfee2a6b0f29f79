import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restoreReferences } from '../../../src/contract/index.ts';
import { mirrorEnvironment } from '../../../src/intercepts/mirrored-environment.ts';
import type { V1Container } from '../../../src/kube/index.ts';
import { container } from '../../support/kube-objects.ts';

const app = (more: Partial<V1Container>): V1Container => container('app', [], more);

test('each container gets a prefix of its own', () => {
  const mirrored = mirrorEnvironment([
    app({ env: [{ name: 'A', value: '1' }] }),
    container('side', [], { env: [{ name: 'A', value: '2' }] }),
  ]);
  assert.deepEqual(mirrored.containers, [
    { name: 'app', environmentPrefix: 'TP_ENV_0_' },
    { name: 'side', environmentPrefix: 'TP_ENV_1_' },
  ]);
  assert.deepEqual(mirrored.env, [
    { name: 'TP_ENV_0_A', value: '1' },
    { name: 'TP_ENV_1_A', value: '2' },
  ]);
});

test('a source keeps its own prefix behind ours', () => {
  const { envFrom } = mirrorEnvironment([
    app({
      envFrom: [{ configMapRef: { name: 'a' } }, { prefix: 'DB_', secretRef: { name: 'b', optional: true } }],
    }),
  ]);
  assert.deepEqual(envFrom, [
    { prefix: 'TP_ENV_0_', configMapRef: { name: 'a' } },
    { prefix: 'TP_ENV_0_DB_', secretRef: { name: 'b', optional: true } },
  ]);
});

test('a resource is that of the application container, not of the agent', () => {
  const resourceFieldRef = { resource: 'limits.memory', divisor: '1Mi' };
  const { env } = mirrorEnvironment([
    app({
      env: [
        { name: 'OWN', valueFrom: { resourceFieldRef } },
        { name: 'OTHER', valueFrom: { resourceFieldRef: { ...resourceFieldRef, containerName: 'side' } } },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    }),
  ]);
  assert.deepEqual(
    env.map(({ valueFrom }) => valueFrom?.resourceFieldRef?.containerName),
    ['app', 'side', undefined, undefined],
  );
  assert.deepEqual(env[2]?.valueFrom, { secretKeyRef: { name: 's', key: 'k' } });
});

const references: [string, string, string][] = [
  ['an earlier variable', '$(A)/x', '$(TP_ENV_0_A)/x'],
  ['a service link or an unknown name', '$(DB_SERVICE_HOST)', '$(DB_SERVICE_HOST)'],
  ['a later variable', '$(Z)', '$(Z)'],
  ['an escaped reference', '$$(A)', '$$(A)'],
  ['an escaped dollar before a reference', '$$$(A)', '$$$(TP_ENV_0_A)'],
  ['a reference that does not end', '$(A', '$(A'],
  ['a dollar before another letter', '$A$(A)', '$A$(TP_ENV_0_A)'],
];
for (const [what, value, expected] of references)
  test(`mirrorEnvironment() rewrites ${what}: ${value}`, () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value },
      { name: 'Z', value: '' },
    ];
    assert.equal(mirrorEnvironment([app({ env })]).env[1]?.value, expected);
  });

test('with ConfigMaps or Secrets every reference can be to one of their keys', () => {
  const { env } = mirrorEnvironment([
    app({ envFrom: [{ configMapRef: { name: 'a' } }], env: [{ name: 'B', value: '$(KEY)' }] }),
  ]);
  assert.equal(env[0]?.value, '$(TP_ENV_0_KEY)');
});

/**
 * What the kubelet makes of a container's variables.
 * @see https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/kubelet/kubelet_pods.go#L544 makeEnvironmentVariables
 */
function resolve(
  { env = [], envFrom = [] }: Pick<V1Container, 'env' | 'envFrom'>,
  configMaps: Record<string, Record<string, string>>,
  links: Record<string, string>,
): Record<string, string> {
  const known: Record<string, string> = {};
  for (const { prefix = '', configMapRef } of envFrom)
    for (const [key, value] of Object.entries(configMaps[configMapRef?.name ?? ''] ?? {}))
      known[prefix + key] = value;
  for (const { name, value = '' } of env) known[name] = expand(value, (key) => known[key] ?? links[key]);
  return known;
}

function expand(input: string, find: (name: string) => string | undefined): string {
  let output = '';
  for (let index = 0; index < input.length; index += 1) {
    const rest = input.slice(index);
    const closer = rest.indexOf(')');
    if (rest.startsWith('$$')) {
      output += '$';
      index += 1;
    } else if (rest.startsWith('$(') && closer > 0) {
      const name = rest.slice(2, closer);
      output += find(name) ?? `$(${name})`;
      index += closer;
    } else output += rest[0] ?? '';
  }
  return output;
}

const variable = fc.constantFrom('A', 'B', 'C', 'KEY', 'DB_SERVICE_HOST');
const value = fc
  .array(
    fc.oneof(
      variable.map((name) => `$(${name})`),
      fc.constantFrom('$', '$$', '$(', ')', 'x', '/'),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

test('the agent finds what the kubelet gives to the application', () => {
  const data = fc.dictionary(variable, fc.constantFrom('one', 'two'), { maxKeys: 3 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: variable, value })),
      fc.boolean(),
      data,
      (env, hasSource, configMap) => {
        const links = { DB_SERVICE_HOST: '10.0.0.9' };
        const original = { env, envFrom: hasSource ? [{ configMapRef: { name: 'map' } }] : [] };
        const { env: mirroredEnv, envFrom } = mirrorEnvironment([app(original)]);
        const resolved = resolve({ env: mirroredEnv, envFrom }, { map: configMap }, links);
        const told = Object.entries(resolved).map(([name, text]) => [
          name.slice('TP_ENV_0_'.length),
          restoreReferences(text, 'TP_ENV_0_', links),
        ]);
        assert.deepEqual(Object.fromEntries(told), resolve(original, { map: configMap }, links));
      },
    ),
    { numRuns: 1000 },
  );
});
