import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPorts } from '../../../src/intercepts/choose-ports.ts';
import { collectFindings } from '../../../src/intercepts/findings.ts';
import type { V1Deployment, V1Service } from '../../../src/kube/index.ts';
import {
  container,
  deployment,
  ownerReference,
  port,
  service,
  servicePort,
  target,
} from '../../support/kube-objects.ts';

const healthy = (object: V1Deployment): V1Deployment => ({
  ...object,
  status: { readyReplicas: object.spec?.replicas ?? 1 },
});

function findings(
  object: V1Deployment,
  services: V1Service[] = [service('web', [servicePort(80, 'http')])],
): string[] {
  const of = target('deploy/web', object, services);
  return collectFindings(of, allPorts(of)).map(({ code, message }) => `${code}: ${message}`);
}

test('a healthy workload has none', () => {
  assert.deepEqual(findings(healthy(deployment('web'))), []);
});

test('pods that are not ready are told', () => {
  assert.deepEqual(findings(deployment('web', { replicas: 2 })), [
    'FINDING_PODS_UNREADY: Only 0 of 2 pods of deploy/web are ready',
  ]);
});

test('what keeps an agent out is told', () => {
  assert.match(
    findings(healthy(deployment('web', { spec: { hostNetwork: true } })))[0] ?? '',
    /^TARGET_UNSUPPORTED: .*hostNetwork/,
  );
});

test('whoever may put the template back is told', () => {
  const metadata = {
    name: 'web',
    managedFields: [{ manager: 'argocd', operation: 'Apply' }],
    ownerReferences: [ownerReference({ kind: 'Shop', name: 'main' })],
  };
  assert.deepEqual(findings(healthy(deployment('web', { metadata }))), [
    'FINDING_WORKLOAD_MANAGED: Workload deploy/web is managed by "argocd", which may remove the agent again',
    'FINDING_WORKLOAD_MANAGED: Workload deploy/web is managed by Shop/main, which may remove the agent again',
  ]);
});

test('probes that the agent cannot tell from callers are told where they reach it', () => {
  const probed = healthy(
    deployment('web', {
      containers: [
        container('app', [port(8080, 'http')], {
          livenessProbe: { tcpSocket: { port: 'http' } },
          readinessProbe: { httpGet: { port: 8080 } },
          startupProbe: { tcpSocket: { port: 9090 } },
        }),
      ],
    }),
  );
  assert.deepEqual(findings(probed), []);
  const headless = service('web', [servicePort(8080, 'http')], { headless: true });
  assert.deepEqual(findings(probed, [headless]), [
    'FINDING_PROBE_REDIRECTED: The livenessProbe of container "app" on port 8080 reaches the agent with nftables, and says nothing about the application',
  ]);
});

test('a Service that sends elsewhere too is told', () => {
  const of = target('deploy/web', healthy(deployment('web')), [service('web', [servicePort(80, 'http')])]);
  const shared = { ...of, services: of.services.map((entry) => ({ ...entry, others: ['deploy/canary'] })) };
  assert.match(collectFindings(shared, [])[0]?.message ?? '', /Service "web" also sends to deploy\/canary/);
});
