/**
 * The gRPC health checking protocol, as far as a probe needs it: one call of `grpc.health.v1.Health/Check`.
 * A message is: one byte 0 (not compressed), its length in four bytes, then protobuf: field 1 of the request is the
 * service's name, field 1 of the answer the status.
 */
import { connect, constants } from 'node:http2';

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const SERVING = 1;

export interface GrpcTarget {
  address: string;
  port: number;
  service: string;
}

/** Rejects when there is no answer. */
export function checkGrpc(
  { address, port, service }: GrpcTarget,
  signal: AbortSignal,
): Promise<{ isSuccess: boolean; message: string }> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}:${port}`);
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      session.destroy();
      settle();
    };
    const fail = (reason: string): void => finish(() => reject(new Error(reason)));
    const onAbort = (): void =>
      fail(`timeout: failed to connect service "${address}:${port}" within its time-out`);
    signal.addEventListener('abort', onAbort, { once: true });
    session.on('error', (error: Error) =>
      fail(`failed to connect service "${address}:${port}": ${error.message}`),
    );
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
      [constants.HTTP2_HEADER_USER_AGENT]: 'kube-probe/1.32',
    });
    const chunks: Buffer[] = [];
    let grpcStatus = '0';
    const noteStatus = (headers: Record<string, unknown>): void => {
      if (typeof headers['grpc-status'] === 'string') grpcStatus = headers['grpc-status'];
    };
    stream.on('response', noteStatus);
    stream.on('trailers', noteStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error: Error) => fail(error.message));
    stream.on('end', () => {
      if (grpcStatus !== '0') {
        fail(`service unhealthy (grpc status ${grpcStatus})`);
        return;
      }
      const status = decodeStatus(Buffer.concat(chunks));
      const message =
        status === SERVING
          ? ''
          : `service unhealthy (responded with "${statuses[status] ?? String(status)}")`;
      finish(() => resolve({ isSuccess: status === SERVING, message }));
    });
    stream.end(encodeRequest(service));
  });
}

/** `service` is at most 127 bytes in a probe that the API server accepts; a longer length takes more varint bytes. */
export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const length: number[] = [];
  for (let rest = name.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...length]), name]);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** 0 (unknown) is not sent at all. */
export function decodeStatus(answer: Buffer): number {
  return answer.length >= 7 && answer[5] === 0x08 ? (answer[6] ?? 0) : 0;
}
