import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRolloutError } from '../../../src/intercepts/rollout-error.ts';
import type { RolloutFailure } from '../../../src/intercepts/rollout-state.ts';

const context = { workload: 'deploy/web', image: 'agent:1', seconds: 60, undone: true };

test('a time-out says for what was waited', () => {
  const error = toRolloutError({ kind: 'timeout', text: '1 of 2 pods have the agent' }, context);
  assert.equal(error.code, 'ROLLOUT_TIMEOUT');
  assert.match(
    error.message,
    /deploy\/web took longer than 60 s: 1 of 2 pods have the agent; the change was undone/,
  );
});

test('an image that does not come has a code of its own, other failures have not', () => {
  const codeOf = (kind: RolloutFailure['kind']): string =>
    toRolloutError({ kind: 'failed', failure: { kind, reason: 'x' } }, context).code;
  assert.equal(codeOf('agent-image'), 'IMAGE_NOT_PULLABLE');
  for (const kind of ['agent', 'app', 'workload', 'deleted'] as const)
    assert.equal(codeOf(kind), 'ROLLOUT_FAILED');
});

test('what could not be undone is said, with the way to do it', () => {
  const failure = { kind: 'agent', reason: 'it crashes' } as const;
  const error = toRolloutError({ kind: 'failed', failure }, { ...context, undone: false });
  assert.match(error.message, /could NOT be undone/);
  assert.equal(error.remedy, 'Run: tp uninstall deploy/web');
});
