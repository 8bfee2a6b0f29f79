/** Tokens of service accounts: JSON Web Tokens that this server signs, and that end with the pod they are bound to. */
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify, type KeyObject } from 'node:crypto';
import type { Clock } from '../../../core/index.ts';
import { isMap, notFound, type ObjectStore } from '../../store/index.ts';
import type { UserInfo } from '../user.ts';
import { authenticatedGroup } from './authenticator.ts';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** Seconds; the range that Kubernetes allows. */
const tokenLifetime = { shortest: 600, longest: 2 ** 32, standard: 3_600 } as const;

export interface TokenOrder {
  namespace: string;
  serviceAccount: string;
  /** Empty: the API server's own. */
  audiences?: readonly string[];
  expirationSeconds?: number;
  pod?: { name: string; uid: string };
}

interface Claims {
  aud: string[];
  exp: number;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
  };
}

export class ServiceAccountTokens {
  readonly #store: ObjectStore;
  readonly #clock: Pick<Clock, 'epochMs'>;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(store: ObjectStore, clock: Pick<Clock, 'epochMs'>) {
    this.#store = store;
    this.#clock = clock;
    this.#privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  /** @throws {ApiError} 404 when there is no such service account */
  issue(order: TokenOrder): { token: string; expiresAtMs: number; audiences: string[] } {
    const { namespace, serviceAccount, pod } = order;
    const account = this.#store.get('serviceaccounts', namespace, serviceAccount);
    if (account === undefined)
      throw notFound({ group: '', plural: 'serviceaccounts', kind: 'ServiceAccount', name: serviceAccount });
    const now = Math.floor(this.#clock.epochMs() / 1_000);
    const seconds = order.expirationSeconds ?? tokenLifetime.standard;
    const lifetime = Math.min(Math.max(seconds, tokenLifetime.shortest), tokenLifetime.longest);
    const audiences = order.audiences?.length ? [...order.audiences] : [issuer];
    const claims = {
      aud: audiences,
      exp: now + lifetime,
      iat: now,
      iss: issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: serviceAccount, uid: account.metadata.uid ?? '' },
        ...(pod === undefined ? {} : { pod }),
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    };
    const signed = [{ alg: 'ES256', typ: 'JWT' }, claims].map(encode).join('.');
    const signature = sign('sha256', Buffer.from(signed), {
      key: this.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return {
      token: `${signed}.${signature.toString('base64url')}`,
      expiresAtMs: claims.exp * 1_000,
      audiences,
    };
  }

  /** @returns undefined when the token is not this server's, has expired, or what it is bound to is gone */
  read(token: string, audience: string = issuer): UserInfo | undefined {
    const [header, payload, signature, more] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more !== undefined)
      return undefined;
    const genuine = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: this.#publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    if (!genuine) return undefined;
    // The signature is ours, so are the claims.
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    if (claims.exp * 1_000 <= this.#clock.epochMs() || !claims.aud.includes(audience)) return undefined;
    const { namespace, serviceaccount, pod } = claims['kubernetes.io'];
    if (!this.#exists('serviceaccounts', namespace, serviceaccount)) return undefined;
    if (pod !== undefined && !this.#exists('pods', namespace, pod)) return undefined;
    return {
      username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, authenticatedGroup],
      ...(pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [pod.name],
              'authentication.kubernetes.io/pod-uid': [pod.uid],
            },
          }),
    };
  }

  #exists(resource: string, namespace: string, { name, uid }: { name: string; uid: string }): boolean {
    return this.#store.get(resource, namespace, name)?.metadata.uid === uid;
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(isMap(value) ? value : {})).toString('base64url');
}
