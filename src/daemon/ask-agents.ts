/** Asks agents who uses them: each knows its own sessions, nobody else does. */
import type { ControlResults } from '../contract/index.ts';
import { describeError, type Logger } from '../core/index.ts';
import type { AgentConnector } from './agent-connector.ts';

/** Agents asked at the same time; each costs a port-forward. */
const CONCURRENCY = 8;
/** An agent that does not answer within this is left out: a list must come. */
const TIMEOUT_MS = 3000;

export type AgentUse = ControlResults['claims'];

export interface AskOptions {
  connector: AgentConnector;
  logger: Logger;
  signal: AbortSignal;
}

/** @returns what each of `pods` said; those that did not answer in time are missing */
export async function askAgents(
  pods: readonly string[],
  options: AskOptions,
): Promise<Map<string, AgentUse>> {
  const answers = new Map<string, AgentUse>();
  const waiting = [...pods];
  const ask = async (): Promise<void> => {
    for (let pod = waiting.pop(); pod !== undefined; pod = waiting.pop()) {
      const answer = await askAgent(pod, options);
      if (answer !== undefined) answers.set(pod, answer);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, ask));
  return answers;
}

async function askAgent(
  pod: string,
  { connector, logger, signal }: AskOptions,
): Promise<AgentUse | undefined> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const tunnel = await connector.connect(pod, { signal: limited });
    try {
      return await tunnel.request({ kind: 'claims' });
    } finally {
      await tunnel.close();
    }
  } catch (error) {
    logger.info('agent not asked', { pod, reason: describeError(error) });
    return undefined;
  }
}
