/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- JSON of any shape; the assertions say which */
/** An admission webhook on loopback that answers as a test says. */
import { createServer } from 'node:https';
import { createAuthority, issueLeaf } from '../../src/pki/index.ts';
import type { Json } from './behaviour-target.ts';

export interface RunningWebhook {
  url: string;
  /** What `caBundle` takes. */
  authority: string;
  /** Idempotent. */
  close(): Promise<void>;
}

export async function startWebhook(
  decide: (review: Json) => { patch?: object[]; refuse?: string },
): Promise<RunningWebhook> {
  const nowMs = Date.now();
  const authority = await createAuthority({ commonName: 'test', nowMs });
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: 'webhook',
    subjectAltNames: ['127.0.0.1'],
    lifetimeMs: 3_600_000,
    nowMs,
  });
  const server = createServer({ key: leaf.key, cert: leaf.certificate }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const review: Json = JSON.parse(Buffer.concat(chunks).toString());
      const { patch, refuse } = decide(review);
      const answer = {
        uid: review.request.uid,
        allowed: refuse === undefined,
        ...(refuse === undefined ? {} : { status: { message: refuse } }),
        ...(patch === undefined
          ? {}
          : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
      };
      response.end(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${String(port)}/`,
    authority: Buffer.from(authority.certificate).toString('base64'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
