/** What a client is told when its request was at a laptop that is gone, and may have done something there. */
import type { HeaderField } from '../../src/protocol/http2/index.ts';

/** `UNAVAILABLE` of gRPC's status codes: the caller may try again. */
const GRPC_UNAVAILABLE = '14';

export function lostAnswer(
  request: readonly HeaderField[],
  holder: string,
): { fields: HeaderField[]; content: Buffer } {
  const contentType = request.find(({ name }) => name === 'content-type')?.value ?? '';
  const text = `tp: the laptop of "${holder}" was lost while it had this request`;
  if (contentType.startsWith('application/grpc'))
    return {
      fields: [
        { name: ':status', value: '200' },
        { name: 'content-type', value: contentType },
        { name: 'grpc-status', value: GRPC_UNAVAILABLE },
        { name: 'grpc-message', value: encodeURIComponent(text).replaceAll('%20', ' ') },
      ],
      content: Buffer.alloc(0),
    };
  const content = Buffer.from(`${text}\n`);
  return {
    fields: [
      { name: ':status', value: '502' },
      { name: 'content-type', value: 'text/plain; charset=utf-8' },
      { name: 'content-length', value: String(content.length) },
    ],
    content,
  };
}
