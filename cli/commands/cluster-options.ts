import type { ForwardSpec } from '../../src/contract/index.ts';
import type { CliContext } from '../context.ts';

/** The options of the commands that start something in a cluster. */
export interface ClusterOptions {
  forward?: ForwardSpec[];
  agentImage?: string;
  /** Seconds. */
  timeout: number;
}

/** The image that the option or the environment names; undefined leaves the choice to the daemon. */
export function agentImageOf(cli: CliContext, { agentImage }: ClusterOptions): string | undefined {
  const variable = cli.environment['TP_AGENT_IMAGE'] ?? '';
  return agentImage ?? (variable === '' ? undefined : variable);
}
