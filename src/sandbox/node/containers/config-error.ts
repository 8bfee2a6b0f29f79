/** A container cannot be created as its pod says: `CreateContainerConfigError`, with the kubelet's words. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
