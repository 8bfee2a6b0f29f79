/**
 * Plays a conversation with a {@link YamuxSession}: what goes in, which effects come out, which frames it sends. Frames
 * are written as in `yamux-frames.ts`, effects as their kind and fields:
 *
 *     play.receives('data syn 2 "hi"').expects('opened 2', 'data 2 "hi"').sends('update ack 2 0');
 */
import assert from 'node:assert/strict';
import { YamuxSession, type Effect, type YamuxLimits } from '../../src/protocol/yamux/index.ts';
import { describeFrames, encodeFrames } from './yamux-frames.ts';

export interface Playbook {
  readonly session: YamuxSession;
  /** Bytes arrive: frames in text form, or raw. */
  receives(...frames: readonly (string | Buffer)[]): Playbook;
  /** A command to the session. */
  does(command: (session: YamuxSession) => unknown): Playbook;
  /** Time passes, without `expire()`. */
  waits(ms: number): Playbook;
  /** `expire()` is called now. */
  expires(): Playbook;
  /** Exactly these effects came out since the last call. */
  expects(...effects: readonly string[]): Playbook;
  /** Exactly these frames are waiting; they are taken. */
  sends(...frames: readonly string[]): Playbook;
  readonly nowMs: number;
}

export interface PlaybookOptions {
  readonly role?: 'client' | 'server';
  readonly limits?: Partial<YamuxLimits>;
}

export const playbookLimits: YamuxLimits = {
  maximumStreams: 4,
  maximumWindowBytes: 1024 * 1024,
  sessionWindowGrowthBytes: 1024 * 1024,
  heartbeatMs: 5_000,
  silenceMs: 15_000,
};

/** Starts a session at time 0, its first ping sent and answered after 10 ms. */
export function startPlay({ role = 'client', limits = {} }: PlaybookOptions = {}): Playbook {
  let nowMs = 0;
  let effects: Effect[] = [];
  const session = new YamuxSession({ role, limits: { ...playbookLimits, ...limits }, nowMs });
  const play: Playbook = {
    session,
    get nowMs(): number {
      return nowMs;
    },
    receives(...frames): Playbook {
      const bytes = frames.map((frame) => (typeof frame === 'string' ? encodeFrames(frame) : frame));
      effects.push(...session.receive(Buffer.concat(bytes), nowMs));
      return play;
    },
    does(command): Playbook {
      const result = command(session);
      if (Array.isArray(result)) effects.push(...(result as Effect[]));
      return play;
    },
    waits(ms): Playbook {
      nowMs += ms;
      return play;
    },
    expires(): Playbook {
      effects.push(...session.expire(nowMs));
      return play;
    },
    expects(...expected): Playbook {
      const seen = effects;
      effects = [];
      assert.deepEqual(seen.map(describeEffect), expected);
      return play;
    },
    sends(...frames): Playbook {
      const taken = session.take(Infinity);
      effects.push(...taken.effects);
      assert.deepEqual(describeFrames(Buffer.concat(taken.chunks)), frames);
      return play;
    },
  };
  return play.sends('ping syn 0').waits(10).receives('ping ack 0').expects('ponged 10');
}

/** Returns an effect as text; payload and errors in a readable form. */
export function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'data':
      return `data ${effect.streamId} ${describePayload(effect.bytes)}`;
    case 'ponged':
      return `ponged ${effect.roundTripMs}`;
    case 'goneAway':
      return 'goneAway';
    case 'failed':
      return `failed ${effect.error.code}: ${effect.error.message}`;
    case 'opened':
    case 'ended':
    case 'reset':
    case 'written':
    case 'finished':
    case 'closed':
      return `${effect.kind} ${effect.streamId}`;
  }
}

function describePayload(bytes: Buffer): string {
  return bytes.length > 32 ? `*${bytes.length}` : `"${bytes.toString()}"`;
}
