/** Decoder of a watch's body: one JSON object per line, cut anywhere by the network. */
import { StringDecoder } from 'node:string_decoder';
import { raise } from '../errors/index.ts';
import type { KubernetesObject, V1Status } from './types.ts';

/** Characters of one event: the server keeps objects below 1.5 MiB, and JSON escapes can double that. */
export const maximumEventLength: number = 4 * 1024 * 1024;

/** @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Only carries the resourceVersion up to which the watch has seen everything. */
  | { type: 'BOOKMARK'; object: KubernetesObject }
  | { type: 'ERROR'; object: V1Status };

export class WatchDecoder<T> {
  readonly #characters = new StringDecoder('utf8');
  readonly #server: string;
  #rest = '';

  constructor(server: string) {
    this.#server = server;
  }

  /** Takes a piece of the body and returns the events that it completes. @throws KUBE_UNREACHABLE when it is no watch */
  receive(chunk: Buffer): WatchEvent<T>[] {
    const lines = (this.#rest + this.#characters.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maximumEventLength)
      this.#fail(`an event of more than ${maximumEventLength} characters`);
    return lines.filter((line) => line !== '').map((line) => this.#parse(line));
  }

  #parse(line: string): WatchEvent<T> {
    try {
      return JSON.parse(line) as WatchEvent<T>;
    } catch (error) {
      return this.#fail('an event that is not JSON', error);
    }
  }

  #fail(what: string, cause?: unknown): never {
    raise('KUBE_UNREACHABLE', { server: this.#server, reason: `its watch has ${what}` }, { cause });
  }
}
