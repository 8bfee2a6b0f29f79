/** Writes Events, as the kubelet and the scheduler do: one object for what repeats, with a count. */
import { randomBytes } from 'node:crypto';
import { describeError, type Clock, type Logger } from '../../core/index.ts';
import type { ClusterAccess } from '../store/cluster-access.ts';
import { NODE_NAME } from './node-name.ts';

export interface EventSubject {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
  /** For a container: `spec.containers{app}`. */
  fieldPath?: string;
}

export interface EventRecorder {
  /** Returns at once. An event that cannot be written is logged: nothing depends on it. */
  record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export function createEventRecorder(options: {
  cluster: ClusterAccess;
  clock: Clock;
  logger: Logger;
  /** `kubelet` or `default-scheduler`. */
  component: string;
}): EventRecorder {
  const { cluster, clock, logger, component } = options;
  const known = new Map<string, string>();
  /** Events are written one after the other, so that those of one subject are in order. */
  let last: Promise<unknown> = Promise.resolve();

  const write = async (
    subject: EventSubject,
    type: string,
    reason: string,
    message: string,
  ): Promise<void> => {
    const now = new Date(clock.epochMs()).toISOString().replace(/\.\d+Z$/, 'Z');
    const namespace = subject.namespace ?? 'default';
    const key = [subject.uid, subject.name, subject.fieldPath, type, reason, message].join('\0');
    const before = known.get(key);
    if (before !== undefined) {
      const counted = await cluster.change('events', { namespace, name: before }, (copy) => {
        return { ...copy, count: (copy.count ?? 1) + 1, lastTimestamp: now };
      });
      if (counted !== undefined) return;
    }
    const name = `${subject.name}.${randomBytes(8).toString('hex')}`;
    await cluster.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: { ...subject },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: component === 'kubelet' ? { component, host: NODE_NAME } : { component },
      reportingComponent: component,
      reportingInstance: component === 'kubelet' ? NODE_NAME : '',
    });
    known.set(key, name);
    if (known.size > MAX_KNOWN_EVENTS) known.delete([...known.keys()][0] ?? '');
  };

  return {
    record(subject, type, reason, message): void {
      last = last
        .then(() => write(subject, type, reason, message))
        .catch((error: unknown) => {
          logger.debug('an event was not written', { reason, error: describeError(error) });
        });
    },
  };
}

/** Different events whose repetition is counted; older ones begin a new object. */
const MAX_KNOWN_EVENTS = 1000;
