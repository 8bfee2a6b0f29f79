/**
 * Why a connection is not read as HTTP/1.x any more, with what that means in words (for logs). There is no error among
 * them: the bytes are passed on all the same, only nobody claims to know any longer where a message starts.
 */
export const opaqueReasons = {
  'start-line': 'a request line or status line is malformed, or of another protocol or version',
  'control-character': 'a line holds a control character, a bare CR or a bare LF',
  'field-line': 'a field line is malformed: folded, without a name, or with whitespace before the colon',
  'content-length': 'a Content-Length is not a number, too large, or given twice',
  'transfer-coding': 'the Transfer-Encoding is not a single "chunked" of HTTP/1.1',
  'two-lengths': 'Transfer-Encoding and Content-Length are given together',
  'chunk-size': 'a chunk size is malformed or too large',
  'chunk-end': 'a chunk is longer than its size says',
  trailer: 'a trailer names a field that tells how to read the message',
  'content-forbidden': 'a response has content that its status forbids',
  'too-large': 'a head, a trailer section or a chunk line is over the limit',
  'too-many-outstanding': 'more requests are outstanding than the limit',
  unsolicited: 'the target sent bytes that no request asked for',
  connect: 'CONNECT makes a tunnel',
  upgrade: 'another protocol was agreed on, or may have been',
  'last-exchange': 'the connection ends with this exchange',
} as const;

export type OpaqueReason = keyof typeof opaqueReasons;
