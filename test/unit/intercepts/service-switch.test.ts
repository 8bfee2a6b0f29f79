import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SERVICE_ANNOTATION } from '../../../src/contract/index.ts';
import { isToolError } from '../../../src/errors/index.ts';
import { applyPatch } from '../../../src/intercepts/json-patch.ts';
import {
  planRestore,
  planSwitch,
  readSwitchRecord,
  switchedPorts,
  withoutSwitch,
  type PortSwitch,
} from '../../../src/intercepts/service-switch.ts';
import type { V1Service } from '../../../src/kube/index.ts';
import { service, servicePort } from '../../support/kube-objects.ts';

const web = service('web', [
  servicePort(80, 8080, { name: 'http' }),
  servicePort(53, 53, { name: 'dns', protocol: 'UDP' }),
  servicePort(53, 53, { name: 'dns-tcp' }),
]);

/** Moves the ports with these numbers of `of`, as it was before. */
function switches(of: V1Service, ...indexes: number[]): PortSwitch[] {
  return indexes.map((index) => {
    const port = withoutSwitch(of).spec?.ports?.[index] ?? servicePort(0, 0);
    return { port, to: `tp-${port.port}` };
  });
}

function doSwitch(of: V1Service, ...indexes: number[]): V1Service {
  return applyPatch(of, planSwitch(of, 'deploy/web', switches(of, ...indexes)));
}

const restore = (of: V1Service): V1Service => applyPatch(of, planRestore(of));
const targets = ({ spec }: V1Service): unknown[] => (spec?.ports ?? []).map(({ targetPort }) => targetPort);

test('switching moves the ports that are meant and notes what they were', () => {
  const switched = doSwitch(web, 0, 1);
  assert.deepEqual(targets(switched), ['tp-80', 'tp-53', 53]);
  assert.deepEqual(readSwitchRecord(switched), {
    version: 1,
    workload: 'deploy/web',
    ports: [
      { protocol: 'TCP', port: 80, targetPort: 8080, switchedTo: 'tp-80' },
      { protocol: 'UDP', port: 53, targetPort: 53, switchedTo: 'tp-53' },
    ],
  });
});

test('restoring gives back the Service as it was', () => {
  assert.deepEqual(restore(doSwitch(web, 0, 1, 2)), web);
});

test('other annotations stay', () => {
  const annotated = service('web', [servicePort(80, 8080)], { metadata: { annotations: { team: 'a' } } });
  assert.deepEqual(restore(doSwitch(annotated, 0)), annotated);
});

test('a second switch adds to the first', () => {
  const twice = doSwitch(doSwitch(web, 0), 2);
  assert.deepEqual(targets(twice), ['tp-80', 53, 'tp-53']);
  assert.deepEqual(restore(twice), web);
});

test('what is switched already needs no patch', () => {
  const switched = doSwitch(web, 0);
  assert.deepEqual(planSwitch(switched, 'deploy/web', switches(switched, 0)), []);
});

test('a port that somebody put back can be switched again', () => {
  const reverted = structuredClone(doSwitch(web, 0));
  if (reverted.spec?.ports?.[0]) reverted.spec.ports[0].targetPort = 9999;
  const again = doSwitch(reverted, 0);
  assert.deepEqual(targets(again), ['tp-80', 53, 53]);
  assert.equal(readSwitchRecord(again)?.ports[0]?.targetPort, 9999);
  assert.equal(readSwitchRecord(again)?.ports.length, 1);
});

test('a value that somebody else set since stays', () => {
  const changed = structuredClone(doSwitch(web, 0, 2));
  if (changed.spec?.ports?.[0]) changed.spec.ports[0].targetPort = 9999;
  assert.deepEqual(targets(restore(changed)), [9999, 53, 53]);
  assert.equal(restore(changed).metadata?.annotations, undefined);
});

test('a port that is gone is no obstacle', () => {
  const changed = structuredClone(doSwitch(web, 0, 2));
  changed.spec?.ports?.shift();
  assert.deepEqual(targets(restore(changed)), [53, 53]);
});

test('switchedPorts() tells those that still stand where they were put', () => {
  const changed = structuredClone(doSwitch(web, 0, 2));
  if (changed.spec?.ports?.[0]) changed.spec.ports[0].targetPort = 9999;
  assert.deepEqual(
    switchedPorts(changed).map(({ port }) => port),
    [53],
  );
  assert.deepEqual(switchedPorts(web), []);
});

test('a Service that was never switched has nothing to restore', () => {
  assert.deepEqual(planRestore(web), []);
  assert.equal(withoutSwitch(web), web);
});

test('a record of a later version is refused', () => {
  const later = service('web', [], { metadata: { annotations: { [SERVICE_ANNOTATION]: '{"version":2}' } } });
  assert.throws(
    () => planRestore(later),
    (error) =>
      isToolError(error, 'TARGET_UNSUPPORTED') && error.message.includes('another version of tp switched it'),
  );
});

test('switching and restoring any ports in any order leaves nothing behind', () => {
  const ports = fc.uniqueArray(
    fc.record({
      port: fc.integer({ min: 80, max: 83 }),
      protocol: fc.constantFrom('TCP', 'UDP'),
      targetPort: fc.oneof(fc.integer({ min: 8080, max: 8082 }), fc.constantFrom('http', 'tp-80')),
    }),
    { selector: ({ port, protocol }) => `${port}${protocol}`, minLength: 1 },
  );
  fc.assert(
    fc.property(
      ports,
      fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), { maxLength: 3 }),
      (list, rounds) => {
        const original = service('web', structuredClone(list));
        const switched = rounds.reduce(
          (current, indexes) => doSwitch(current, ...new Set(indexes)),
          original,
        );
        assert.deepEqual(restore(switched), original);
        assert.deepEqual(targets(withoutSwitch(switched)), targets(original));
      },
    ),
    { numRuns: 500 },
  );
});
