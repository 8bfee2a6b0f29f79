/**
 * The legacy `auth-provider` users of a kubeconfig: oidc, gcp and azure. client-node implements them; kubectl itself
 * has only oidc left. Imported here alone, when such a user is met: the import takes 0.3 to 0.9 s.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { describeError } from '../core/index.ts';
import { raise } from '../errors/index.ts';
import type { UserConfig } from './kubeconfig.ts';

export interface AuthProvider {
  /**
   * The value of the Authorization field, refreshed when it has expired.
   * @throws KUBECONFIG_CREDENTIALS_FAILED
   */
  authorization(): Promise<string | undefined>;
}

export function createAuthProvider({ name, authProvider }: UserConfig): AuthProvider {
  let config: KubeConfig | undefined;
  return {
    async authorization(): Promise<string | undefined> {
      config ??= await loadConfig({ name, authProvider });
      const options: { headers: Record<string, string> } = { headers: {} };
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        const reason = `the auth-provider of user "${name}" failed: ${describeError(error)}`;
        raise('KUBECONFIG_CREDENTIALS_FAILED', { reason }, { cause: error });
      }
      return options.headers['Authorization'];
    },
  };
}

async function loadConfig(user: Pick<UserConfig, 'name' | 'authProvider'>): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  // Only the user counts; the rest has to be there.
  config.loadFromOptions({
    clusters: [{ name: 'cluster', server: 'https://cluster.invalid', skipTLSVerify: false }],
    users: [user],
    contexts: [{ name: 'context', cluster: 'cluster', user: user.name }],
    currentContext: 'context',
  });
  return config;
}
