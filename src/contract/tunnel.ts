/**
 * What crosses the tunnel between daemon (client) and agent, above the multiplexer. Specified in docs/PROTOCOL.md.
 *
 * Each stream starts with one header message and is answered by one reply message; what follows depends on the kind.
 */
import * as v from 'valibot';
import type { WireError } from '../errors/index.ts';
import { protocols, type Protocol } from './agent-config.ts';
import { ruleSchema, type Rule } from './rules.ts';

/** Versions of the tunnel protocol that this program speaks, newest first. */
export const TUNNEL_VERSIONS: readonly number[] = [1];

/**
 * ALPN name (RFC 7301) of the tunnel with the resume layer between TLS and multiplexer. A peer that does not offer or choose
 * it has none: there a session ends with its carrier.
 */
export const RESUME_ALPN = 'tp-resume/1';

/** A header or its reply is never larger, in bytes. */
export const HEADER_LIMIT_BYTES: number = 16 * 1024;
/** A control message is never larger, in bytes: an environment can hold a few ConfigMaps. */
export const CONTROL_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** Who holds the client end. The identity is the client certificate; these are labels for people. */
export interface ClientDescription {
  /** Random, made once for each session of a daemon. */
  sessionId: string;
  /** `user@host`. */
  name: string;
  version: string;
}

/** `rules`: claims of some requests only. */
export type AgentFeature = 'rules' | (string & {});

export interface AgentDescription {
  version: string;
  namespace: string;
  pod: string;
  workload: string;
  role: 'agent' | 'gateway';
  /** Address of the pod. */
  podIp: string;
  /** What this agent can do beyond the first version of the protocol; a client asks for nothing that is missing here. */
  features?: AgentFeature[] | undefined;
  /** Search path and name servers of the pod's resolver. */
  dns: { search: string[]; servers: string[] };
}

/** Headers of streams that the client opens. */
export type ClientHeader =
  | { kind: 'control'; versions: number[]; client: ClientDescription }
  /** A TCP connection from the pod. `host` is a name as a pod would use it, or an address. */
  | { kind: 'dial'; host: string; port: number }
  /** A UDP association from the pod; datagrams follow, framed as docs/PROTOCOL.md says. */
  | { kind: 'associate'; host: string; port: number }
  /** Looks `name` up with the pod's search path; `cluster`: never as an absolute name outside the cluster. */
  | { kind: 'lookup'; name: string; scope: 'cluster' | 'any' };

/** Headers of streams that the agent opens. */
export interface InterceptedHeader {
  kind: 'intercepted';
  protocol: Protocol;
  interceptId: string;
  /** The taken port: where the application listens. */
  appPort: number;
  /** Who called, as the agent sees it. */
  source: { host: string; port: number };
}

export type Reply<T extends object = object> = ({ ok: true } & T) | { ok: false; error: WireError };

export interface ControlAccepted {
  version: number;
  agent: AgentDescription;
}
export interface DialAccepted {
  /** The address that answered. */
  address: string;
}
export interface LookupAnswer {
  /** IPv4 and IPv6 addresses; empty when the name does not exist. */
  addresses: string[];
}

/** What the client asks for over the control stream. */
export type ControlRequest =
  /** Take new connections of these ports, and next requests, until released or until the session ends. */
  | {
      kind: 'claim';
      interceptId: string;
      ports: { protocol: Protocol; appPort: number }[];
      /** Only the requests that it matches; needs the feature `rules`. */
      rule?: Rule | undefined;
      /** When the intercept started, in ms since the epoch: the older of two equals wins, in all pods and after a break. */
      sinceMs?: number | undefined;
    }
  /** New connections and next requests go to the application again; what is in flight may finish. */
  | { kind: 'release'; interceptId: string }
  /** The environment of an application container. */
  | { kind: 'environment'; container: string }
  /** Who holds which port, and how many sessions there are. */
  | { kind: 'claims' };

export interface ControlResults {
  claim: object;
  /** Connections with something in flight at the client. */
  release: { openConnections: number };
  environment: { variables: Record<string, string> };
  claims: { claims: Claim[]; /** Sessions that are open, the asking one included. */ sessions: number };
}

export interface Claim {
  protocol: Protocol;
  appPort: number;
  interceptId: string;
  holder: string;
  rule?: Rule | undefined;
}

/** What the agent tells without being asked. */
export interface ControlEvent {
  /** A connection that was claimed went to the application, because the local process could not be reached. */
  kind: 'fallback';
  interceptId: string;
  appPort: number;
  reason: string;
}

/** Messages on the control stream after its header and reply. */
export type ControlMessage =
  { id: number; request: ControlRequest } | { id: number; reply: Reply } | { event: ControlEvent };

const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const host = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
const protocol = v.picklist(protocols);
const label = v.pipe(v.string(), v.maxLength(255));

export const clientHeaderSchema: v.GenericSchema<unknown, ClientHeader> = v.variant('kind', [
  v.object({
    kind: v.literal('control'),
    versions: v.array(v.number()),
    client: v.object({ sessionId: label, name: label, version: label }),
  }),
  v.object({ kind: v.literal('dial'), host, port: portNumber }),
  v.object({ kind: v.literal('associate'), host, port: portNumber }),
  v.object({ kind: v.literal('lookup'), name: host, scope: v.picklist(['cluster', 'any']) }),
]);

export const interceptedHeaderSchema: v.GenericSchema<unknown, InterceptedHeader> = v.object({
  kind: v.literal('intercepted'),
  protocol,
  interceptId: label,
  appPort: portNumber,
  source: v.object({ host: v.string(), port: v.number() }),
});

const wireError = v.object({
  code: v.string(),
  category: v.string(),
  message: v.string(),
  remedy: v.optional(v.string()),
  details: v.record(v.string(), v.unknown()),
});

/** A reply whose success carries the fields of `success`. */
export function replySchema<T extends object>(success: v.ObjectEntries): v.GenericSchema<unknown, Reply<T>> {
  return v.variant('ok', [
    v.object({ ok: v.literal(true), ...success }),
    v.object({ ok: v.literal(false), error: wireError }),
  ]) as unknown as v.GenericSchema<unknown, Reply<T>>;
}

export const controlAcceptedSchema: v.GenericSchema<unknown, Reply<ControlAccepted>> = replySchema({
  version: v.number(),
  agent: v.object({
    version: v.string(),
    namespace: v.string(),
    pod: v.string(),
    workload: v.string(),
    role: v.picklist(['agent', 'gateway']),
    podIp: v.string(),
    features: v.optional(v.array(v.string())),
    dns: v.object({ search: v.array(v.string()), servers: v.array(v.string()) }),
  }),
});
export const dialAcceptedSchema: v.GenericSchema<unknown, Reply<DialAccepted>> = replySchema({
  address: v.string(),
});
export const lookupAnswerSchema: v.GenericSchema<unknown, Reply<LookupAnswer>> = replySchema({
  addresses: v.array(v.string()),
});
export const emptyReplySchema: v.GenericSchema<unknown, Reply> = replySchema({});

const controlRequest = v.variant('kind', [
  v.object({
    kind: v.literal('claim'),
    interceptId: label,
    ports: v.array(v.object({ protocol, appPort: portNumber })),
    rule: v.optional(ruleSchema),
    sinceMs: v.optional(v.number()),
  }),
  v.object({ kind: v.literal('release'), interceptId: label }),
  v.object({ kind: v.literal('environment'), container: label }),
  v.object({ kind: v.literal('claims') }),
]);

export const controlMessageSchema: v.GenericSchema<unknown, ControlMessage> = v.union([
  v.object({ id: v.number(), request: controlRequest }),
  // The fields of a successful reply depend on its request: they are kept as they are.
  v.object({ id: v.number(), reply: v.looseObject({ ok: v.boolean() }) }),
  v.object({
    event: v.object({
      kind: v.literal('fallback'),
      interceptId: label,
      appPort: portNumber,
      reason: v.string(),
    }),
  }),
]) as unknown as v.GenericSchema<unknown, ControlMessage>;
