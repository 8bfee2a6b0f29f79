import { findIpAddress, isHostName } from '../../src/address/index.ts';
import type { ForwardSpec } from '../../src/contract/index.ts';
import { raise } from '../../src/errors/index.ts';
import { findPort } from './port.ts';

/** One of `[IPv6]` and anything without colons. @see RFC 3986 §3.2.2 */
const host = String.raw`\[[^\][]+\]|[^:\][]+`;
const shape = new RegExp(`^(?:(?<address>${host}):)?(?<local>\\d+):(?<host>${host}):(?<port>\\d+)$`);

/**
 * Reads `[ADDR:]LOCAL:HOST:PORT` of `--forward`. ADDR is the laptop's address to listen on, 127.0.0.1 when left out;
 * LOCAL 0 takes any free port; IPv6 addresses stand in brackets.
 * @throws {USAGE_INVALID_OPTION}
 */
export function parseForward(value: string): ForwardSpec {
  const groups = shape.exec(value)?.groups;
  const address = findAddress(groups?.['address'] ?? '127.0.0.1');
  const localPort = groups?.['local'] === '0' ? 0 : findPort(groups?.['local'] ?? '');
  const target = findTarget(groups?.['host'] ?? '');
  const port = findPort(groups?.['port'] ?? '');
  if (address === undefined || localPort === undefined || target === undefined || port === undefined)
    return raise('USAGE_INVALID_OPTION', {
      option: '--forward',
      value,
      expected: '[ADDR:]LOCAL:HOST:PORT, such as 5432:db:5432 or [::1]:8080:web.shop:80',
    });
  return { address, localPort, host: target, port };
}

function findAddress(text: string): string | undefined {
  return text === 'localhost' ? '127.0.0.1' : findIp(text);
}

function findTarget(text: string): string | undefined {
  return findIp(text) ?? (isHostName(text) ? text : undefined);
}

/** Only IPv6 addresses have colons, and the shape lets colons through only between brackets. */
function findIp(text: string): string | undefined {
  const bare = text.startsWith('[') ? text.slice(1, -1) : text;
  return findIpAddress(bare) === undefined ? undefined : bare;
}
