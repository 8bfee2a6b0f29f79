/** A request's head as rules look at it. Everything is computed when it is first asked for, once for all rules. */
import type { RequestHead } from '../protocol/http1/index.ts';
import { personalKeys } from './personal-key.ts';

/** `http://authority/path`, RFC 9112 §3.2.2. */
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)([^#]*)/;
const PORT = /:\d*$/;

export class RequestView {
  readonly head: RequestHead;
  #keys: ReadonlySet<string> | undefined;
  #query: URLSearchParams | undefined;

  constructor(head: RequestHead) {
    this.head = head;
  }

  get method(): string {
    return this.head.method;
  }

  /** As it was sent: nothing is decoded or resolved, because servers differ in what they do there. */
  get pathAndQuery(): string {
    const { target } = this.head;
    return target.startsWith('/') ? target : (ABSOLUTE_FORM.exec(target)?.[2] ?? target);
  }

  get path(): string {
    const { pathAndQuery } = this;
    const queryStart = pathAndQuery.indexOf('?');
    return queryStart === -1 ? pathAndQuery : pathAndQuery.slice(0, queryStart);
  }

  /** Host and port, in lower case; of the request target where it has one (RFC 9112 §3.2.2). */
  get authority(): string {
    const { target, fields } = this.head;
    const named = ABSOLUTE_FORM.exec(target)?.[1] ?? fields.find(({ name }) => name === 'host')?.value ?? '';
    return named.toLowerCase();
  }

  get host(): string {
    return this.authority.replace(PORT, '');
  }

  /** The values of all field lines of that name. */
  fieldValues(name: string): string[] {
    return this.head.fields.filter((field) => field.name === name).map(({ value }) => value);
  }

  queryValues(name: string): string[] {
    this.#query ??= new URLSearchParams(this.pathAndQuery.slice(this.path.length));
    return this.#query.getAll(name);
  }

  /** The personal keys that the request carries. */
  get keys(): ReadonlySet<string> {
    this.#keys ??= personalKeys(this.head.fields);
    return this.#keys;
  }
}
