/** Values of options that are checked by one condition. */
import { findIpAddress } from '../../src/address/index.ts';
import { raise } from '../../src/errors/index.ts';

/** Reads the IP address of `--address`. @throws {USAGE_INVALID_OPTION} */
export function parseAddress(value: string): string {
  if (findIpAddress(value) === undefined)
    raise('USAGE_INVALID_OPTION', {
      option: '--address',
      value,
      expected: 'an IP address, such as 127.0.0.1',
    });
  return value;
}

/** Reads the number of lines of `--tail`. @throws {USAGE_INVALID_OPTION} */
export function parseLineCount(value: string): number {
  const count = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > 100_000)
    raise('USAGE_INVALID_OPTION', { option: '--tail', value, expected: 'a number between 1 and 100000' });
  return count;
}

/** Makes an option repeatable: collects what `parse` returns for each use. */
export function collect<T>(parse: (value: string) => T): (value: string, earlier?: T[]) => T[] {
  return (value, earlier = []) => [...earlier, parse(value)];
}

/** Reads the port that something is to listen on; 0 is any free one. @throws {USAGE_INVALID_OPTION} */
export function parseListenPort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : -1;
  if (port < 0 || port > 65_535)
    raise('USAGE_INVALID_OPTION', { option: '--port', value, expected: 'a port between 0 and 65535' });
  return port;
}
