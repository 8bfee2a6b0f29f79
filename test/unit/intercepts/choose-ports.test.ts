import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_ANNOTATION } from '../../../src/contract/index.ts';
import { isToolError, type ErrorCode } from '../../../src/errors/index.ts';
import { allPorts, choosePorts, type AppPort } from '../../../src/intercepts/choose-ports.ts';
import type { Target } from '../../../src/intercepts/resolve-target.ts';
import { container, deployment, port, service, servicePort, target } from '../../support/kube-objects.ts';

const web = deployment('web', {
  containers: [
    container('app', [port(8080, 'http'), port(9090, 'metrics')]),
    container('side', [port(53, 'dns', 'UDP'), port(53, 'dns-tcp')]),
  ],
});
const webService = service('web', [
  servicePort(80, 'http', { name: 'http' }),
  servicePort(443, 8443, { name: 'https' }),
  servicePort(81, 8080, { name: 'old' }),
]);
const dnsService = service(
  'dns',
  [servicePort(53, 'dns', { name: 'dns', protocol: 'UDP' }), servicePort(53, 53, { name: 'dns-tcp' })],
  { selector: { app: 'web' } },
);
const byService = target('svc/web', web, [webService, dnsService]);
const byWorkload = target('deploy/web', web, [webService, dnsService]);

function choose(of: Target, ...remotes: (string | undefined)[]): AppPort[] {
  return choosePorts({ target: of, remotes });
}

function assertRaises(code: ErrorCode, pattern: RegExp, action: () => unknown): void {
  assert.throws(action, (error) => {
    assert.ok(isToolError(error, code), String(error));
    assert.match(error.message, pattern);
    return true;
  });
}

for (const remote of ['80', 'http', '81', 'old', '8080'])
  test(`port ${remote} of a Service is port 8080 of the application`, () => {
    const [chosen] = choose(byService, remote);
    assert.equal(chosen?.appPort, 8080);
    assert.equal(chosen.appContainer, 'app');
    assert.equal(chosen.portName, 'http');
    assert.deepEqual(
      chosen.callers.map(({ port: { port: number } }) => number),
      [80, 81],
    );
  });

for (const remote of ['8080', 'http', '80', 'old'])
  test(`port ${remote} of a workload is port 8080 of the application`, () => {
    assert.equal(choose(byWorkload, remote)[0]?.appPort, 8080);
  });

test('a port that only a Service knows belongs to the first container, or to the one that is named', () => {
  assert.equal(choose(byService, 'https')[0]?.appContainer, 'app');
  assert.equal(choose(byWorkload, '8443')[0]?.appPort, 8443);
  const [port] = choosePorts({ target: byService, remotes: ['443'], container: 'side' });
  assert.equal(port?.appContainer, 'side');
  assert.equal(port.portName, undefined);
});

test('ports come in the order in which they were asked for', () => {
  assert.deepEqual(
    choose(byService, 'https', 'http').map(({ appPort }) => appPort),
    [8443, 8080],
  );
});

test('a declared port without a Service has no callers', () => {
  const [metrics] = choose(byWorkload, 'metrics');
  assert.deepEqual(metrics?.callers, []);
});

test('UDP and TCP ports with one number are told apart by protocol or name', () => {
  const dns = target('svc/dns', web, [dnsService]);
  assert.equal(choose(dns, 'dns')[0]?.protocol, 'UDP');
  assert.equal(choose(dns, '53/tcp')[0]?.protocol, 'TCP');
  assert.equal(choose(dns, '53/UDP')[0]?.appContainer, 'side');
  assertRaises('PORT_AMBIGUOUS', /53\/UDP, 53\/TCP/, () => choose(dns, '53'));
});

test('without a word the only port is meant', () => {
  assert.equal(
    choose(target('svc/web', web, [service('web', [servicePort(80, 8080)])]), undefined)[0]?.appPort,
    8080,
  );
  assertRaises('PORT_AMBIGUOUS', /80 \(http\), 443 \(https\), 81 \(old\)/, () =>
    choose(byService, undefined),
  );
});

test('two ports of a Service that lead to the same port are one choice', () => {
  const twice = service('web', [servicePort(80, 'http'), servicePort(8080, 8080)]);
  assert.equal(choose(target('svc/web', web, [twice]), undefined)[0]?.callers.length, 2);
});

test('without a word a workload means the port that is called through a Service', () => {
  const called = service('web', [servicePort(80, 'http')]);
  assert.equal(choose(target('deploy/web', web, [called]), undefined)[0]?.appPort, 8080);
});

test('an unknown port comes with the known ones', () => {
  assertRaises(
    'PORT_NOT_FOUND',
    /svc\/web has no port "8000": it has 80 \(http\), 443 \(https\), 81 \(old\)/,
    () => choose(byService, '8000'),
  );
});

test('a pod that declares nothing is believed to listen where it is said to', () => {
  const bare = target('deploy/bare', deployment('bare', { containers: [container('app')] }), []);
  assert.deepEqual(choose(bare, '6379'), [
    { protocol: 'TCP', appPort: 6379, appContainer: 'app', callers: [] },
  ]);
  assert.equal(choose(bare, '53/udp')[0]?.protocol, 'UDP');
  assertRaises('PORT_NOT_FOUND', /no port that is declared/, () => choose(bare, undefined));
  assertRaises('PORT_NOT_FOUND', /no port that is declared/, () => choose(bare, '70000'));
});

test('a name that no container has is said', () => {
  const broken = target('svc/web', web, [service('web', [servicePort(80, 'htpp')])]);
  assertRaises('TARGET_UNSUPPORTED', /no container of deploy\/web has the port that it names, "htpp"/, () =>
    choose(broken, undefined),
  );
});

test('SCTP is refused', () => {
  const sctp = target('svc/web', web, [service('web', [servicePort(80, 36412, { protocol: 'SCTP' })])]);
  assertRaises('TARGET_UNSUPPORTED', /SCTP is not supported/, () => choose(sctp, '80'));
  const bare = target('deploy/bare', deployment('bare', { containers: [container('app')] }), []);
  assertRaises('TARGET_UNSUPPORTED', /SCTP is not supported/, () => choose(bare, '80/sctp'));
});

test('an unknown container comes with the known ones', () => {
  assertRaises('CONTAINER_NOT_FOUND', /"db": it has app, side/, () =>
    choosePorts({ target: byService, remotes: ['80'], container: 'db' }),
  );
});

test('one port of the pod cannot be asked for twice', () => {
  assertRaises('USAGE_INVALID', /"80" and "8080" of svc\/web are the same port of the pod, 8080/, () =>
    choose(byService, '80', '8080'),
  );
});

test('a switched Service counts as it was before', () => {
  const record = {
    version: 1,
    workload: 'deploy/web',
    ports: [{ protocol: 'TCP', port: 443, targetPort: 8443, switchedTo: 'tp-8443' }],
  };
  const switched = service('web', [servicePort(443, 'tp-8443', { name: 'https' })], {
    metadata: { annotations: { [SERVICE_ANNOTATION]: JSON.stringify(record) } },
  });
  const [chosen] = choose(target('svc/web', web, [switched]), 'https');
  assert.equal(chosen?.appPort, 8443);
  assert.equal(chosen.callers[0]?.port.targetPort, 8443);
});

test('allPorts() lists each port of the application once', () => {
  assert.deepEqual(
    allPorts(byService).map(({ appPort }) => appPort),
    [8080, 8443],
  );
  assert.deepEqual(
    allPorts(byWorkload).map(({ appPort, protocol }) => `${appPort}/${protocol}`),
    ['8080/TCP', '9090/TCP', '53/UDP', '53/TCP', '8443/TCP'],
  );
});
