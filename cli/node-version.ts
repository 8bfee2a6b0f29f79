import { raise } from '../src/errors/index.ts';

/** As in package.json, `engines`. */
const needed = { major: 20, minor: 10 };

/** @throws {NODE_TOO_OLD} */
export function assertNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < needed.major || (major === needed.major && minor < needed.minor))
    raise('NODE_TOO_OLD', { version, needed: `${String(needed.major)}.${String(needed.minor)}` });
}
