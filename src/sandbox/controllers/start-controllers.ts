/**
 * Runs controllers: a queue of names for each, one plan at a time, made again after every change that concerns it. This
 * is all of the I/O that controllers have. A plan that fails is made again after a wait that doubles.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  createBackoff,
  describeError,
  type Backoff,
  type Clock,
  type Logger,
  type Timer,
} from '../../core/index.ts';
import type {
  ClusterAccess,
  ObjectReference,
  ResourceName,
  ResourceTypes,
  Stored,
} from '../store/cluster-access.ts';
import { ApiError } from '../store/index.ts';
import { timestamp, type Controller, type Report, type Write } from './controller.ts';

/** Wait before a failed plan is made again, in milliseconds: doubled each time up to the longest. */
export const firstRetryMs = 100;
export const longestRetryMs = 30_000;

export interface ControllerOptions {
  cluster: ClusterAccess;
  clock: Clock;
  logger: Logger;
}

/** Starts `controllers`; the function that is returned stops them, and resolves when none writes any more. */
export function startControllers(
  controllers: readonly Controller[],
  options: ControllerOptions,
): () => Promise<void> {
  const stops = controllers.map((controller) => new Loop(controller, options));
  return async () => {
    await Promise.all(stops.map((loop) => loop.stop()));
  };
}

class Loop {
  readonly #controller: Controller;
  readonly #options: ControllerOptions;
  readonly #queue = new Map<string, ObjectReference>();
  readonly #timers = new Map<string, Timer>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #unwatch: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(controller: Controller, options: ControllerOptions) {
    this.#controller = controller;
    this.#options = options;
    const { cluster } = options;
    this.#unwatch.push(
      cluster.watch(controller.resource, ({ object }) => {
        this.#add(referenceOf(object.metadata));
      }),
    );
    for (const [resource, concerned] of Object.entries(controller.concerns)) {
      const find = concerned as (object: Stored<ResourceName>, cluster: ClusterAccess) => ObjectReference[];
      this.#unwatch.push(
        cluster.watch(resource as ResourceName, ({ object }) => {
          for (const reference of find(object, cluster)) this.#add(reference);
        }),
      );
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#unwatch) end();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#queue.clear();
    await this.#running;
  }

  #add(reference: ObjectReference): void {
    if (this.#stopped) return;
    this.#queue.set(keyOf(reference), reference);
    this.#running ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (let [next] = this.#queue; next !== undefined && !this.#stopped; [next] = this.#queue) {
      // Who changed the object must have returned first, and a plan that never comes to rest must starve nobody.
      await setImmediate();
      const [key, reference] = next;
      this.#queue.delete(key);
      this.#timers.get(key)?.cancel();
      this.#timers.delete(key);
      await this.#reconcile(key, reference);
    }
    this.#running = undefined;
  }

  async #reconcile(key: string, reference: ObjectReference): Promise<void> {
    const { cluster, clock, logger } = this.#options;
    const controller = this.#controller;
    const object = cluster.get(controller.resource, reference);
    try {
      const plan =
        object === undefined
          ? (controller.planGone?.(reference, cluster) ?? { writes: [] })
          : controller.plan(object, cluster, clock.epochMs());
      for (const write of plan.writes) await this.#perform(write, object);
      this.#backoffs.delete(key);
      if (plan.againMs !== undefined) this.#later(key, reference, plan.againMs);
    } catch (error) {
      if (this.#stopped) return;
      const backoff =
        this.#backoffs.get(key) ?? createBackoff({ initialMs: firstRetryMs, maximumMs: longestRetryMs });
      this.#backoffs.set(key, backoff);
      logger.debug(`${controller.name} tries again`, { object: key, error: describeError(error) });
      this.#later(key, reference, backoff.nextMs());
    }
  }

  #later(key: string, reference: ObjectReference, delayMs: number): void {
    if (this.#stopped || this.#queue.has(key)) return;
    this.#timers.get(key)?.cancel();
    this.#timers.set(
      key,
      this.#options.clock.after(delayMs, () => {
        this.#timers.delete(key);
        this.#add(reference);
      }),
    );
  }

  async #perform(write: Write, object: Stored<ResourceName> | undefined): Promise<void> {
    const { cluster, clock } = this.#options;
    switch (write.verb) {
      case 'create':
        try {
          await cluster.create(write.resource, write.object);
        } catch (error) {
          if (error instanceof ApiError && object !== undefined) {
            const message = withoutRandomName(error.message, write.object.metadata?.generateName);
            const answers = this.#controller.planRefused?.(object, message, clock.epochMs()) ?? [];
            for (const answer of answers) await this.#perform(answer, undefined);
          }
          throw error;
        }
        return;
      case 'change': {
        const { uid, subresource } = write;
        const apply = (copy: Stored<ResourceName>): ResourceTypes[ResourceName] | undefined =>
          (write as { apply(copy: Stored<ResourceName>): ResourceTypes[ResourceName] | undefined }).apply(
            copy,
          );
        await cluster.change<ResourceName>(
          write.resource,
          write.reference,
          (copy) => (copy.metadata.uid === uid ? apply(copy) : undefined),
          subresource === undefined ? {} : { subresource },
        );
        return;
      }
      case 'delete':
        await cluster.delete(write.resource, write.reference, {
          uid: write.uid,
          propagationPolicy: 'Background',
        });
        return;
      case 'report':
        await this.#record(write);
    }
  }

  /** Writes an event, or counts one more of those that say the same. An event that is refused is lost: it is only news. */
  async #record({ about, type, reason, message }: Report): Promise<void> {
    const { cluster, clock, logger } = this.#options;
    const now = timestamp(clock.epochMs());
    const { namespace = 'default', name = '', uid = '', resourceVersion = '' } = about.metadata ?? {};
    const digest = createHash('sha256')
      .update(JSON.stringify([uid, type, reason, message]))
      .digest('hex');
    const reference = { namespace, name: `${name}.${digest.slice(0, 16)}` };
    try {
      if (cluster.get('events', reference) !== undefined) {
        await cluster.change('events', reference, (copy) => ({
          ...copy,
          count: (copy.count ?? 1) + 1,
          lastTimestamp: now,
        }));
        return;
      }
      await cluster.create('events', {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: reference,
        involvedObject: {
          apiVersion: about.apiVersion ?? '',
          kind: about.kind ?? '',
          namespace,
          name,
          uid,
          resourceVersion,
        },
        type,
        reason,
        message,
        source: { component: this.#controller.name },
        reportingComponent: this.#controller.name,
        reportingInstance: '',
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
      });
    } catch (error) {
      logger.debug('an event was refused', { reason, error: describeError(error) });
    }
  }
}

/** So that the same refusal reads the same each time: it would look like news for ever. */
function withoutRandomName(message: string, prefix = ''): string {
  if (prefix === '') return message;
  return message
    .split('"')
    .map((part) => (part.startsWith(prefix) ? prefix : part))
    .join('"');
}

function referenceOf({ namespace, name }: { namespace?: string; name: string }): ObjectReference {
  return namespace === undefined ? { name } : { namespace, name };
}

const keyOf = ({ namespace, name }: ObjectReference): string => `${namespace ?? ''}/${name}`;
