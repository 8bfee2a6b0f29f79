export { createApiServer, type ApiServer, type ApiServerOptions, type Credentials } from './api-server.ts';
export type { TokenOrder } from './auth/tokens.ts';
export { LocalAccess } from './local-access.ts';
export { Registry } from './registry.ts';
export { systemUser, type UserInfo } from './user.ts';
