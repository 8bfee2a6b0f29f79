/** A request that the API server refuses: the `Status` that a client gets for it. */
import type { V1Status } from '../../kube/index.ts';

export class ApiError extends Error {
  readonly status: V1Status & { code: number };

  constructor(status: V1Status & { code: number }) {
    super(status.message ?? status.reason ?? 'refused');
    this.name = 'ApiError';
    this.status = status;
  }
}
