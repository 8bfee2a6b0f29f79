/**
 * The little of a DNS message that a forwarder needs: whose name it asks for, and answers of its own. All else passes as it
 * came, so that nothing that a name server says is lost on the way. RFC 1035 §4.1.
 *
 *     0       2       4          6         8          10         12
 *     | id    | flags | QDCOUNT  | ANCOUNT | NSCOUNT  | ARCOUNT  | question …
 */
const HEADER_BYTES = 12;
const MAXIMUM_LABEL_BYTES = 63;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;

/** RFC 1035 §4.1.1. */
export const rcodes = { formatError: 1, serverFailure: 2, nameError: 3 } as const;

export interface DnsQuestion {
  /** In lower case, without the final dot; labels with other bytes than ASCII read as Latin-1. */
  name: string;
  type: number;
  class: number;
}

/** Reads the only question of a query; undefined when the message is anything else. */
export function decodeQuestion(message: Buffer): DnsQuestion | undefined {
  const end = questionEnd(message);
  if (end === undefined) return undefined;
  if ((message.readUInt16BE(2) & (RESPONSE | OPCODE)) !== 0) return undefined;
  const labels: string[] = [];
  for (let at = HEADER_BYTES; message[at] !== 0; at += (message[at] ?? 0) + 1)
    labels.push(message.toString('latin1', at + 1, at + 1 + (message[at] ?? 0)));
  return {
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(end - 4),
    class: message.readUInt16BE(end - 2),
  };
}

/** Answers `query` with `rcode` and no records; of a message without a question only the header. An owned copy. */
export function encodeFailure(query: Buffer, rcode: number): Buffer {
  const end = questionEnd(query);
  const answer = Buffer.from(query.subarray(0, end ?? HEADER_BYTES));
  const asked = answer.readUInt16BE(2) & (OPCODE | RECURSION_DESIRED);
  answer.writeUInt16BE(RESPONSE | RECURSION_AVAILABLE | asked | rcode, 2);
  answer.writeUInt16BE(end === undefined ? 0 : 1, 4);
  answer.fill(0, 6, HEADER_BYTES);
  return answer;
}

/** Whether `answer` is the response to `query`: same id, same question. */
export function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  if (answer.length < HEADER_BYTES || (answer.readUInt16BE(2) & RESPONSE) === 0) return false;
  if (answer.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  const end = questionEnd(answer);
  // A server that cannot read the query may leave the question out.
  if (end === undefined) return answer.readUInt16BE(4) === 0;
  const asked = query.toString('latin1', HEADER_BYTES, questionEnd(query)).toLowerCase();
  return answer.toString('latin1', HEADER_BYTES, end).toLowerCase() === asked;
}

/** Whether `message` has a header. */
export function hasHeader(message: Buffer): boolean {
  return message.length >= HEADER_BYTES;
}

/** Where the only question ends; undefined when there is not exactly one, uncompressed. */
function questionEnd(message: Buffer): number | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(4) !== 1) return undefined;
  for (let at = HEADER_BYTES; at < message.length;) {
    const length = message[at] ?? 0;
    if (length > MAXIMUM_LABEL_BYTES) return undefined;
    at += length + 1;
    if (length === 0) return at + 4 <= message.length ? at + 4 : undefined;
  }
  return undefined;
}
