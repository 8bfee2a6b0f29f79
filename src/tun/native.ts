/** Loads the addon, the only native code of the project (`native/`). */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createError } from '../errors/index.ts';

/** What becomes of a held TCP flow; the numbers are those of `enum refusal`. */
export const decisions = { accept: -1, refused: 0, unreachable: 1, silent: 2 } as const;
export type Decision = keyof typeof decisions;

export interface FlowCounts {
  /** Neither closed nor free, held ones included. */
  open: number;
  held: number;
  /** Closed TCP flows, kept for late packets until their slot is needed. */
  lingering: number;
  evicted: number;
  droppedPackets: number;
}

/** One device's flows. A key names a flow: the port of its peer, and 65,536 times the last byte of the peer's address. */
export interface FlowTable {
  /** Starts the thread. The descriptor is owned from now on. `onHeld` gets the key of each new TCP flow. */
  attach(device: number, onHeld: (key: number) => void): void;
  /** Ends the thread and closes the device. Idempotent. */
  close(): void;
  /** Translates one packet without a device. `verdict`: 0 dropped, 1 to be written to the device, 2 held. */
  translate(packet: Buffer): { verdict: number; packet: Buffer; key: number };
  /** Decides over a held flow. Returns the packet that went to the device; empty when none did. */
  decide(key: number, decision: number): Buffer;
  /** Its socket is closed. */
  release(key: number): void;
  /** `address`: 16 bytes, IPv4 in its mapped form. */
  destination(key: number): { address: Buffer; port: number } | undefined;
  counts(): FlowCounts;
}

/** A message of a unix socket. The descriptors are the caller's to close; `connection` is -1 unless it was accepted. */
export interface DescriptorMessage {
  message: Buffer;
  descriptors: number[];
  connection: number;
}

export interface Native {
  FlowTable: new (ports: { tcp4: number; udp4: number; tcp6: number; udp6: number }) => FlowTable;
  /** Listens at `path` (SOCK_SEQPACKET) and returns the descriptor. */
  listenForDescriptors(path: string): number;
  /** Waits for one message, on a thread of the pool; of a listener, for the first of the next connection. */
  receive(descriptor: number, timeoutMs: number, isListener: boolean): Promise<DescriptorMessage>;
}

/** @throws {TUN_UNAVAILABLE} when it was not built for this platform, or does not load */
export function loadNative(directory: string): Native {
  try {
    return createRequire(import.meta.url)(join(directory, 'tun.node')) as Native;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw createError('TUN_UNAVAILABLE', { reason: reason ?? '' }, { cause: error });
  }
}
