import { raise } from '../../src/errors/index.ts';

/** A port number, 1 to 65535, in decimal without sign or leading zero; undefined for anything else. */
export function findPort(text: string): number | undefined {
  if (!/^[1-9]\d{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}

/** Names of container ports are IANA service names, those of Service ports DNS labels (RFC 1123): the wider of both. */
const portName = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface PortMapping {
  localPort: number;
  /** Number or name of the Service's or container's port. */
  remote?: string;
}

/**
 * Reads `LOCAL[:REMOTE]` of `--port`.
 * @throws {USAGE_INVALID_OPTION}
 */
export function parsePortMapping(value: string): PortMapping {
  const [local = '', remote, ...rest] = value.split(':');
  const localPort = findPort(local);
  const isRemoteValid = remote === undefined || findPort(remote) !== undefined || portName.test(remote);
  if (localPort === undefined || !isRemoteValid || rest.length > 0)
    raise('USAGE_INVALID_OPTION', {
      option: '--port',
      value,
      expected: 'LOCAL[:REMOTE], such as 8080, 8080:80 or 8080:http',
    });
  return remote === undefined ? { localPort } : { localPort, remote };
}
