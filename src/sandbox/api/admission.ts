/** What stands between a request that is allowed and the store: it may change the object, then it may refuse it. */
import type { KubeObject } from '../store/index.ts';
import type { ResourceDefinition } from './resources.ts';
import type { UserInfo } from './user.ts';

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  definition: ResourceDefinition;
  subresource?: string | undefined;
  namespace?: string | undefined;
  name: string;
  /** Missing for DELETE. */
  object?: KubeObject | undefined;
  /** Missing for CREATE. */
  old?: KubeObject | undefined;
  user: UserInfo;
  dryRun: boolean;
}

export interface Admission {
  /** May change `request.object`. @throws {ApiError} */
  mutate(request: AdmissionRequest): Promise<void>;
  /** @throws {ApiError} */
  validate(request: AdmissionRequest): Promise<void>;
}
