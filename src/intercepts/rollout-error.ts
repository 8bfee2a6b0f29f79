/** What a rollout that did not come to its end is called. */
import { createError, type ToolError } from '../errors/index.ts';
import type { RolloutOutcome } from './rollout.ts';

interface RolloutErrorContext {
  workload: string;
  image: string;
  seconds: number;
  undone: boolean;
}

/** Says why a rollout did not come to its end. */
export function toRolloutError(
  outcome: Exclude<RolloutOutcome, { kind: 'done' }>,
  { workload, image, seconds, undone }: RolloutErrorContext,
): ToolError {
  if (outcome.kind === 'timeout')
    return createError('ROLLOUT_TIMEOUT', { workload, seconds, state: outcome.text, undone });
  const { kind, reason } = outcome.failure;
  return kind === 'agent-image'
    ? createError('IMAGE_NOT_PULLABLE', { image, workload, reason, undone })
    : createError('ROLLOUT_FAILED', { workload, reason, undone });
}
