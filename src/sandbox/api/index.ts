export { LocalAccess } from './local-access.ts';
export { Registry } from './registry.ts';
export { systemUser, type UserInfo } from './user.ts';
