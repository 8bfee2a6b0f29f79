/** What the node is given by the sandbox's composition root. */
import type { Clock, Logger } from '../../core/index.ts';
import type { ClusterAccess } from '../store/cluster-access.ts';

/** What stands behind an image's name: a command of this machine. */
export interface Image {
  /** Shown as `imageID`, `sha256:<64 hexadecimal digits>`. */
  id: string;
  /** `command` of a container replaces it. */
  entrypoint: readonly string[];
  /** `args` or `command` of a container replace it. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Where the process starts; `/` where missing. */
  workingDir?: string;
  /** Who runs it, where the pod does not say; 0 where missing. */
  user?: number;
  /**
   * Absolute folders of this machine that the container sees at the same path besides the system's programs, for
   * example that of the Node it is run with. Writing there writes to the container's own copy.
   */
  folders?: readonly string[];
}

export interface ImageStore {
  /** `name` as a pod spells it, with or without registry, tag and digest. */
  find(name: string): Image | undefined;
}

export interface TokenRequest {
  namespace: string;
  serviceAccount: string;
  /** Empty: the API server's own. */
  audiences: readonly string[];
  expirationSeconds: number;
  pod: { name: string; uid: string };
}

export interface NodeOptions {
  cluster: ClusterAccess;
  images: ImageStore;
  /** Makes the tokens of `serviceAccountToken` volumes. Rejects with an ApiError. */
  issueToken: (request: TokenRequest) => Promise<string>;
  /**
   * An existing folder that only the node uses. The node mounts a tmpfs on it, in the sandbox's mount namespace, and
   * keeps there what pods write: all of it vanishes with the namespace.
   */
  folder: string;
  clock: Clock;
  logger: Logger;
}
