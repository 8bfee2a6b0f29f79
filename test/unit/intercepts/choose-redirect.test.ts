import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Redirect } from '../../../src/contract/index.ts';
import { isToolError, type ErrorCode } from '../../../src/errors/index.ts';
import { choosePorts, type AppPort } from '../../../src/intercepts/choose-ports.ts';
import { chooseRedirect, weighRedirects } from '../../../src/intercepts/choose-redirect.ts';
import type { V1Service } from '../../../src/kube/index.ts';
import { deployment, service, servicePort, target } from '../../support/kube-objects.ts';

const named = service('web', [servicePort(80, 'http')]);
const numeric = service('web', [servicePort(80, 8080)]);
const other = service('other', [servicePort(80, 8080)], { selector: { app: 'web' } });
const headlessNamed = service('peers', [servicePort(80, 'http')], {
  selector: { app: 'web' },
  headless: true,
});
const headlessNumeric = service('peers', [servicePort(80, 8080)], {
  selector: { app: 'web' },
  headless: true,
});
const fields = { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:targetPort': {} } } } };
const applied = service('web', [servicePort(80, 8080)], {
  metadata: { managedFields: [{ manager: 'argocd', operation: 'Apply', fieldsV1: fields }] },
});

function portOf(name: string, ...services: V1Service[]): AppPort {
  const of = target(name, deployment('web'), services);
  return choosePorts({ target: of, remotes: ['8080'] })[0] as AppPort;
}

const automatic: [string, AppPort, Redirect, RegExp][] = [
  ['a named target port', portOf('svc/web', named), 'port-name', /svc\/web names its target port/],
  [
    'a numeric target port',
    portOf('svc/web', numeric),
    'service',
    /svc\/web gives its target port as a number/,
  ],
  ['both', portOf('deploy/web', named, other), 'service', /svc\/other gives its target port as a number/],
  [
    'a headless Service by number',
    portOf('svc/peers', headlessNumeric),
    'nftables',
    /svc\/peers, which is headless/,
  ],
  [
    'a headless Service by name',
    portOf('svc/peers', headlessNamed),
    'nftables',
    /svc\/peers, which is headless/,
  ],
  [
    'a workload with a headless Service',
    portOf('deploy/web', named, headlessNamed),
    'nftables',
    /svc\/peers, which/,
  ],
  ['a Service beside a headless one', portOf('svc/web', named, headlessNamed), 'port-name', /svc\/web names/],
  ['no Service', portOf('deploy/web'), 'nftables', /no Service leads to this port/],
  ['a target port that somebody applies', portOf('svc/web', applied), 'nftables', /managed by "argocd"/],
];
for (const [what, port, redirect, reason] of automatic)
  test(`auto takes ${redirect} for ${what}`, () => {
    const choice = chooseRedirect('deploy/web', port, 'auto');
    assert.equal(choice.redirect, redirect);
    assert.match(choice.reason, reason);
  });

const impossible: [string, AppPort, Redirect, ErrorCode, RegExp][] = [
  ['a number', portOf('svc/web', numeric), 'port-name', 'REDIRECT_IMPOSSIBLE', /as a number/],
  ['no Service', portOf('deploy/web'), 'port-name', 'REDIRECT_IMPOSSIBLE', /no Service leads to it/],
  [
    'a name',
    portOf('svc/web', named),
    'service',
    'REDIRECT_IMPOSSIBLE',
    /no Service gives its target port as a number/,
  ],
  [
    'a headless Service',
    portOf('svc/peers', headlessNumeric),
    'service',
    'REDIRECT_IMPOSSIBLE',
    /other than headless/,
  ],
  [
    'an applied target port',
    portOf('svc/web', applied),
    'service',
    'FIELD_MANAGED_ELSEWHERE',
    /targetPort of port 80 of svc\/web.*"argocd"/,
  ],
];
for (const [what, port, redirect, code, message] of impossible)
  test(`${redirect} is refused for ${what}`, () => {
    assert.throws(
      () => chooseRedirect('deploy/web', port, redirect),
      (error) => isToolError(error, code) && message.test(error.message),
    );
  });

test('a Service that sends to other workloads as well is not switched', () => {
  const [port] = [portOf('svc/web', numeric)];
  const shared = {
    ...port,
    callers: port.callers.map((caller) => ({ ...caller, others: ['deploy/canary'] })),
  };
  assert.equal(chooseRedirect('deploy/web', shared, 'auto').redirect, 'nftables');
  assert.throws(
    () => chooseRedirect('deploy/web', shared, 'service'),
    (error) =>
      isToolError(error, 'REDIRECT_IMPOSSIBLE') && error.message.includes('also sends to deploy/canary'),
  );
});

test('what was asked for is taken when it is possible', () => {
  assert.deepEqual(chooseRedirect('deploy/web', portOf('svc/web', named), 'nftables'), {
    redirect: 'nftables',
    reason: 'as asked',
  });
  assert.equal(
    chooseRedirect('deploy/web', portOf('svc/peers', headlessNamed), 'port-name').redirect,
    'port-name',
  );
});

test('weighRedirects() says whose traffic each way covers', () => {
  const covers = weighRedirects('deploy/web', portOf('deploy/web', named, other, headlessNamed)).map(
    (option) => `${option.redirect}: ${option.covers}`,
  );
  assert.deepEqual(covers, [
    'port-name: callers of svc/web, callers of svc/peers that use SRV records',
    'service: callers of svc/web, callers of svc/other',
    'nftables: everybody who calls the pod',
  ]);
});
