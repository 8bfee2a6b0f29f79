/** The program in the agent's image: `agent` (in a workload's pod), `gateway` (in a pod of its own), `redirect` (init). */
import { systemClock, type Logger } from '../src/core/index.ts';
import { raise, toToolError } from '../src/errors/index.ts';
import { createLogger } from '../src/telemetry/index.ts';
import { untilDrained } from './drain.ts';
import { createGatewayLife, deleteOwnPod } from './gateway-life.ts';
import { applyRuleset, renderRuleset } from './redirect.ts';
import { readSettings } from './settings.ts';
import { startTrafficAgent } from './traffic-agent.ts';

const version = process.env['TP_BUILD_VERSION'] ?? '0.0.0-dev';

async function main(role: string | undefined, logger: Logger): Promise<void> {
  const settings = readSettings(process.env);
  switch (role) {
    case 'agent':
      return runAgent(settings, logger);
    case 'gateway':
      return runGateway(settings, logger);
    case 'redirect':
      return applyRuleset(renderRuleset(settings.config.ports));
    default:
      raise('USAGE_INVALID', { reason: `Expected agent, gateway or redirect, not "${role ?? ''}"` });
  }
}

type Settings = ReturnType<typeof readSettings>;

async function runAgent(settings: Settings, logger: Logger): Promise<void> {
  const agent = await startTrafficAgent({
    settings,
    version,
    environment: process.env,
    clock: systemClock,
    logger,
  });
  logger.info('agent ready', { workload: settings.config.workload, ports: settings.config.ports });
  await untilTerminated();
  logger.info('draining');
  await untilDrained({
    appPorts: settings.config.ports
      .filter(({ protocol }) => protocol === 'TCP')
      .map(({ appPort }) => appPort),
    app: agent.app,
    openConnections: () => agent.openConnections(),
    clock: systemClock,
    signal: new AbortController().signal,
  });
  await agent.close();
}

async function runGateway(settings: Settings, logger: Logger): Promise<void> {
  const pod = { namespace: settings.namespace, name: settings.podName };
  let end = (): void => undefined;
  const idle = new Promise<void>((resolve) => {
    end = resolve;
  });
  const life = createGatewayLife({ clock: systemClock, onIdle: () => end() });
  const agent = await startTrafficAgent({
    settings,
    version,
    environment: process.env,
    onSessionOpened: () => life.sessionOpened(),
    onSessionClosed: () => life.sessionClosed(),
    clock: systemClock,
    logger,
  });
  logger.info('gateway ready');
  const isIdle = await Promise.race([untilTerminated().then(() => false), idle.then(() => true)]);
  if (isIdle && process.env['TP_AGENT_CAN_DELETE_ITSELF'] === '1') {
    // Still serving meanwhile; the deletion comes back as SIGTERM.
    await deleteOwnPod(pod, process.env, logger);
  }
  await agent.close();
}

function untilTerminated(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

const logger = createLogger({ name: 'tp-agent' });
// A defect in one connection must not take the others and the application's port with it.
process.on('uncaughtException', (error) => {
  logger.error('unexpected error', { error: error.stack ?? error.message });
});
main(process.argv[2], logger).then(
  () => process.exit(0),
  (error: unknown) => {
    const known = toToolError(error);
    logger.error(known.message, { code: known.code });
    process.exit(known.exitCode);
  },
);
