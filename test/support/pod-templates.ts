/** Random pod templates and random changes to them, as fast-check arbitraries. */
import fc from 'fast-check';
import type { V1Container, V1Deployment } from '../../src/kube/index.ts';
import { deployment } from './kube-objects.ts';

const name = fc.constantFrom('app', 'web', 'side', 'db', 'proxy');
const keys = fc.constantFrom('team', 'example.org/owner', 'a~b', 'kubectl.kubernetes.io/default-container');
const annotations = fc.dictionary(keys, fc.constantFrom('x', 'app', ''), { minKeys: 1, maxKeys: 3 });

const containerPort = fc
  .record({
    containerPort: fc.integer({ min: 8080, max: 8084 }),
    protocol: fc.constantFrom('TCP', 'UDP'),
    name: fc.constantFrom('http', 'admin', 'metrics', 'tp-8080', undefined),
  })
  .map(({ name: portName, ...port }) => ({ ...port, ...(portName === undefined ? {} : { name: portName }) }));

function containers(
  constraints: fc.UniqueArrayConstraintsRecommended<V1Container, string>,
): fc.Arbitrary<V1Container[]> {
  const one = fc.record(
    {
      name,
      image: fc.constantFrom('a:1', 'b:2'),
      ports: fc.array(containerPort, { minLength: 1, maxLength: 3 }),
      env: fc.array(fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '$(A)') }), {
        minLength: 1,
        maxLength: 2,
      }),
    },
    { requiredKeys: ['name'] },
  );
  return fc.uniqueArray(one, constraints);
}

const byName = { selector: (item: { name: string }): string => item.name };

/** Deployments as an API server encodes them: what is empty is left out. */
export const anyDeployment: fc.Arbitrary<V1Deployment> = fc
  .record({
    containers: containers({ ...byName, minLength: 1, maxLength: 3 }),
    annotations: fc.option(annotations, { nil: undefined }),
    initContainers: fc.option(containers({ ...byName, minLength: 1, maxLength: 2 }), { nil: undefined }),
    volumes: fc.option(fc.uniqueArray(fc.record({ name }), { ...byName, minLength: 1, maxLength: 2 }), {
      nil: undefined,
    }),
  })
  // Through JSON, as they come: with ordinary prototypes.
  .map((parts) => JSON.parse(JSON.stringify(parts)) as typeof parts)
  .map(({ annotations: present, initContainers, volumes, ...rest }) =>
    deployment('web', {
      containers: rest.containers,
      ...(present === undefined ? {} : { annotations: present }),
      spec: {
        ...(initContainers === undefined ? {} : { initContainers }),
        ...(volumes === undefined ? {} : { volumes }),
      },
    }),
  );

/** What somebody else does to a Deployment. It fits one with an agent and one without, and does the same to both. */
export interface ForeignChange {
  description: string;
  apply: (object: V1Deployment) => void;
}

function change(description: string, apply: ForeignChange['apply']): ForeignChange {
  return { description, apply };
}

export const anyForeignChange: fc.Arbitrary<ForeignChange> = fc.constantFrom(
  change('scales', ({ spec }) => {
    if (spec) spec.replicas = 5;
  }),
  change('sets the image of every other container', ({ spec }) => {
    for (const container of spec?.template.spec?.containers ?? [])
      if (!container.name.startsWith('tp-')) container.image = 'new:1';
  }),
  change('annotates the template', ({ spec }) => {
    if (spec?.template.metadata)
      spec.template.metadata.annotations = {
        ...spec.template.metadata.annotations,
        'example.org/restarted': 'now',
      };
  }),
  change('appends a container', ({ spec }) => {
    spec?.template.spec?.containers.push({ name: 'later', image: 'later:1' });
  }),
  change('prepends a container', ({ spec }) => {
    spec?.template.spec?.containers.unshift({ name: 'earlier', image: 'earlier:1' });
  }),
  change('appends a volume', ({ spec }) => {
    const podSpec = spec?.template.spec;
    if (podSpec) podSpec.volumes = [...(podSpec.volumes ?? []), { name: 'later', emptyDir: {} }];
  }),
  change('prepends an init container', ({ spec }) => {
    const podSpec = spec?.template.spec;
    if (podSpec)
      podSpec.initContainers = [{ name: 'first', image: 'first:1' }, ...(podSpec.initContainers ?? [])];
  }),
);
