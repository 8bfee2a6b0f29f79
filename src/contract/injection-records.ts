/**
 * What `tp` writes beside its changes in a cluster, so that any later version can undo them: JSON in annotations.
 */
import * as v from 'valibot';
import { protocols, type Protocol } from './agent-config.ts';

/** In `INJECTION_ANNOTATION` of a pod template. What was added besides is known by its name. */
export interface InjectionRecord {
  /** Version of this structure. */
  version: 1;
  /** Hash of all that was injected: pods of an earlier injection carry another one. */
  revision: string;
  /** Value of the default-container annotation, if it was added. */
  defaultContainer?: string | undefined;
}

/** In `SERVICE_ANNOTATION` of a Service. */
export interface SwitchRecord {
  /** Version of this structure. */
  version: 1;
  /** For whose agent: `deploy/web`. */
  workload: string;
  ports: SwitchedPort[];
}

export interface SwitchedPort {
  protocol: Protocol;
  /** Number of the Service's port, which with the protocol tells it from the others. */
  port: number;
  /** What stood there before: a number, otherwise nothing would have been switched. */
  targetPort: number;
  /** What was put there: the name of a port. */
  switchedTo: string;
}

export const injectionRecordSchema: v.GenericSchema<unknown, InjectionRecord> = v.object({
  version: v.literal(1),
  revision: v.string(),
  defaultContainer: v.optional(v.string()),
});

export const switchRecordSchema: v.GenericSchema<unknown, SwitchRecord> = v.object({
  version: v.literal(1),
  workload: v.string(),
  ports: v.array(
    v.object({
      protocol: v.picklist(protocols),
      port: v.number(),
      targetPort: v.number(),
      switchedTo: v.string(),
    }),
  ),
});
