/** A daemon in which everything works, with results that fill every column. */
import type { DoctorReport, WorkloadSummary } from '../../src/contract/index.ts';
import type { OperationHandlers } from '../../src/daemon/api-server.ts';
import { fakeConnection, fakeIntercept, fakeInterceptResult } from './fake-connection.ts';
import { createFakeStatus } from './fake-operations.ts';

export const fakeWorkloads: WorkloadSummary[] = [
  {
    workload: 'deploy/web',
    replicas: { ready: 1, wanted: 2 },
    services: [
      { name: 'web', ports: ['80', '443'] },
      { name: 'web-headless', ports: ['80'] },
    ],
    agent: 'ready',
    interceptedBy: [
      { holder: 'bob@laptop', ports: ['http'], rule: { kind: 'key', value: 'bob' } },
      { holder: 'ada@laptop', ports: ['http'] },
    ],
  },
  { workload: 'sts/db', replicas: { ready: 1, wanted: 1 }, services: [], agent: 'none', interceptedBy: [] },
];
export const fakeReport: DoctorReport = {
  target: 'svc/web',
  workload: 'deploy/web',
  serverVersion: 'v1.36.0',
  ports: [
    {
      port: 'web:80',
      choices: [
        {
          attach: 'sidecar',
          redirect: 'port-name',
          possible: true,
          chosen: true,
          restart: 'once',
          privilege: 'none',
          covers: 'the Service',
          reason: 'the Service names its target port',
        },
        {
          attach: 'sidecar',
          redirect: 'nftables',
          possible: false,
          chosen: false,
          restart: 'once',
          privilege: 'NET_ADMIN',
          covers: 'all callers',
          reason: 'Pod Security refuses it',
        },
      ],
    },
  ],
  missingRights: [{ action: 'read logs', verb: 'get', resource: 'pods/log', namespace: 'shop' }],
  findings: [{ code: 'POD_REFUSED', message: 'restricted namespace', remedy: 'use port-name' }],
};

/** Operations that succeed with these results. */
export const workingOperations: Partial<OperationHandlers> = {
  status: () =>
    Promise.resolve({
      result: createFakeStatus({ connections: [{ ...fakeConnection, intercepts: [fakeIntercept] }] }),
    }),
  connect: () => Promise.resolve({ result: fakeConnection }),
  run: () => Promise.resolve({ result: { connection: fakeConnection, socket: '/nowhere/run.sock' } }),
  quit: () => Promise.resolve({ result: { ended: ['staging/shop'] } }),
  list: () => Promise.resolve({ result: fakeWorkloads }),
  intercept: () => Promise.resolve({ result: fakeInterceptResult }),
  leave: () => Promise.resolve({ result: { name: 'web', openConnections: 2 } }),
  uninstall: () => Promise.resolve({ result: { removed: ['deploy/web', 'svc/web'] } }),
  clean: () =>
    Promise.resolve({
      result: {
        namespaces: [
          {
            namespace: 'shop',
            removed: ['svc/web'],
            left: [{ object: 'deploy/web', usedBy: ['ada@laptop'] }],
          },
        ],
      },
    }),
  doctor: () => Promise.resolve({ result: fakeReport }),
  'agent-logs': () =>
    Promise.resolve({ result: { logs: [{ pod: 'web-1', text: '{"level":30,"time":0,"msg":"ready"}\n' }] } }),
};
