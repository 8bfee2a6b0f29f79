/** Whoever asks: what authentication found, and what authorization and webhooks look at. */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export const systemUser: UserInfo = { username: 'system:apiserver', groups: ['system:masters'] };
