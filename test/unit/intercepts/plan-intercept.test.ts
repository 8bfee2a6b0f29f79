import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Redirect, TakenPort } from '../../../src/contract/index.ts';
import { isToolError } from '../../../src/errors/index.ts';
import { readConfig } from '../../../src/intercepts/agent-pieces.ts';
import { choosePorts } from '../../../src/intercepts/choose-ports.ts';
import { applyPatch } from '../../../src/intercepts/json-patch.ts';
import { planIntercept, withFreshImage, type InterceptPlan } from '../../../src/intercepts/plan-intercept.ts';
import { planTemplateChange } from '../../../src/intercepts/template-change.ts';
import { toWorkload } from '../../../src/intercepts/workload.ts';
import type { V1Deployment, V1Service } from '../../../src/kube/index.ts';
import {
  container,
  deployment,
  NAMESPACE,
  port,
  service,
  servicePort,
  target,
} from '../../support/kube-objects.ts';

const web = deployment('web', {
  containers: [container('app', [port(8080, 'http'), port(8443), port(19811, 'busy')])],
});
const named = service('web', [servicePort(80, 'http')]);
const numeric = service('web', [servicePort(80, 8080)]);
const unnamed = service('web', [servicePort(443, 8443)]);
const IMAGE = 'example.org/agent:1';

interface Wish {
  object?: V1Deployment;
  name?: string;
  services: V1Service[];
  remotes: string[];
  redirect?: 'auto' | Redirect;
  image?: string;
}

function plan({
  object = web,
  name = 'deploy/web',
  services,
  remotes,
  redirect = 'auto',
  image = IMAGE,
}: Wish): InterceptPlan {
  const of = target(name, object, services);
  return planIntercept({ target: of, ports: choosePorts({ target: of, remotes }), redirect, image });
}

function inject(wish: Wish): V1Deployment {
  const object = wish.object ?? web;
  return applyPatch(
    object,
    planTemplateChange(toWorkload('Deployment', NAMESPACE, object), plan(wish).pieces),
  );
}

const takenPorts = ({ pieces }: InterceptPlan): TakenPort[] =>
  readConfig('deploy/web', pieces.container).ports;

test('a named target port needs no change of a Service', () => {
  const { ports, isChange, switches } = plan({ services: [named], remotes: ['8080'] });
  assert.equal(isChange, true);
  assert.deepEqual(switches, []);
  assert.deepEqual(ports, [
    {
      protocol: 'TCP',
      listenPort: 19810,
      appPort: 8080,
      appContainer: 'app',
      portName: 'http',
      redirect: 'port-name',
      services: ['web:80'],
      reason: 'svc/web names its target port',
    },
  ]);
});

test('a numeric target port is switched to the name of the port', () => {
  const { switches } = plan({ services: [numeric], remotes: ['8080'] });
  assert.deepEqual(switches, [{ service: numeric, ports: [{ port: servicePort(80, 8080), to: 'http' }] }]);
});

test('a port without name is switched to a name of the agent', () => {
  const { switches, pieces } = plan({ services: [unnamed], remotes: ['8443'] });
  assert.equal(switches[0]?.ports[0]?.to, 'tp-8443');
  assert.equal(pieces.position, 'last');
});

test('only the Service that was named is switched, all of them when the workload was', () => {
  const other = service('other', [servicePort(81, 8080)], { selector: { app: 'web' } });
  const one = plan({ name: 'svc/web', services: [numeric, other], remotes: ['80'] });
  assert.deepEqual(one.ports[0]?.services, ['web:80']);
  assert.equal(one.switches.length, 1);
  const all = plan({ services: [numeric, other], remotes: ['8080'] });
  assert.deepEqual(all.ports[0]?.services, ['web:80', 'other:81']);
  assert.equal(all.switches.length, 2);
});

test('several ports of one Service are one switch', () => {
  const both = service('web', [servicePort(80, 8080), servicePort(443, 8443)]);
  const { switches } = plan({ services: [both], remotes: ['8080', '8443'] });
  assert.deepEqual(
    switches[0]?.ports.map(({ to }) => to),
    ['http', 'tp-8443'],
  );
});

test('the agent listens where no container does', () => {
  const { ports } = plan({ services: [], remotes: ['8080', '8443', 'busy'] });
  assert.deepEqual(
    ports.map(({ listenPort }) => listenPort),
    [19810, 19812, 19813],
  );
});

test('the same ports again change nothing, whatever the image', () => {
  const wish = { services: [named], remotes: ['8080'] };
  const again = plan({ ...wish, object: inject(wish), image: 'example.org/agent:2' });
  assert.equal(again.isChange, false);
  assert.equal(again.pieces.container.image, IMAGE);
  assert.equal(again.ports[0]?.listenPort, 19810);
});

test('another port joins those that are taken', () => {
  const injected = inject({ services: [named, unnamed], remotes: ['8080'] });
  const more = plan({
    object: injected,
    services: [named, service('tls', [servicePort(443, 8443)], { selector: { app: 'web' } })],
    remotes: ['8443'],
  });
  assert.equal(more.isChange, true);
  assert.deepEqual(
    takenPorts(more).map(({ appPort, listenPort }) => [appPort, listenPort]),
    [
      [8080, 19810],
      [8443, 19812],
    ],
  );
  assert.deepEqual(
    more.ports.map(({ appPort }) => appPort),
    [8443],
  );
});

test('a Service by number can use an agent that took the name', () => {
  const injected = inject({ services: [named], remotes: ['8080'] });
  const more = plan({ object: injected, services: [numeric], remotes: ['8080'] });
  assert.equal(more.isChange, false);
  assert.equal(more.ports[0]?.redirect, 'service');
  assert.equal(more.switches[0]?.ports[0]?.to, 'http');
});

test('nftables replaces a redirect by name, and then covers everything', () => {
  const injected = inject({ services: [named], remotes: ['8080'] });
  const below = plan({ object: injected, services: [named], remotes: ['8080'], redirect: 'nftables' });
  assert.equal(below.isChange, true);
  assert.equal(takenPorts(below)[0]?.redirect, 'nftables');
  assert.equal(takenPorts(below)[0]?.listenPort, 19810);
  const object = inject({ services: [named], remotes: ['8080'], redirect: 'nftables' });
  const covered = plan({ object, services: [numeric], remotes: ['8080'] });
  assert.equal(covered.isChange, false);
  assert.deepEqual(covered.switches, []);
  assert.equal(covered.ports[0]?.redirect, 'nftables');
  assert.match(covered.ports[0].reason, /already/);
});

test('a headless Service brings everybody who calls the pod', () => {
  const headless = service('web', [servicePort(80, 'http')], { headless: true });
  const { ports, pieces } = plan({ services: [headless], remotes: ['8080'] });
  assert.deepEqual(ports[0]?.services, ['web:80']);
  assert.equal(pieces.position, 'last');
  assert.ok(pieces.redirectContainer);
});

test('UDP is taken like TCP', () => {
  const dns = deployment('web', { containers: [container('app', [port(53, 'dns', 'UDP')])] });
  const udp = service('web', [servicePort(53, 'dns', { protocol: 'UDP' })]);
  const { pieces } = plan({ object: dns, services: [udp], remotes: ['53'] });
  assert.deepEqual(pieces.container.ports, [{ name: 'dns', containerPort: 19810, protocol: 'UDP' }]);
});

test('withFreshImage() exchanges the image and keeps the ports', () => {
  const wish = { services: [named], remotes: ['8080'] };
  const of = target('deploy/web', inject(wish), [named]);
  const options = {
    target: of,
    ports: choosePorts({ target: of, remotes: ['8080'] }),
    redirect: 'auto',
    image: 'new:2',
  } as const;
  const fresh = withFreshImage(planIntercept(options), options);
  assert.equal(fresh.isChange, true);
  assert.equal(fresh.pieces.container.image, 'new:2');
  assert.equal(takenPorts(fresh)[0]?.listenPort, 19810);
});

test('what is impossible is refused', () => {
  assert.throws(
    () => plan({ services: [numeric], remotes: ['8080'], redirect: 'port-name' }),
    (error) => isToolError(error, 'REDIRECT_IMPOSSIBLE'),
  );
});
