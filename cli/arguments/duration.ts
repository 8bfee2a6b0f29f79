import { raise } from '../../src/errors/index.ts';

const secondsOf = { h: 3600, m: 60, s: 1 } as const;
/** The range that the daemon takes. */
const maximumSeconds = 3600;

/**
 * Reads a duration as Go writes it, in whole hours, minutes and seconds: `90s`, `5m`, `1m30s`.
 * @returns seconds, 1 to 3600
 * @throws {USAGE_INVALID_OPTION}
 */
export function parseDuration(value: string): number {
  const match = /^(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,4})s)?$/.exec(value);
  const [, hours = '0', minutes = '0', seconds = '0'] = match ?? [];
  const total = Number(hours) * secondsOf.h + Number(minutes) * secondsOf.m + Number(seconds);
  if (total < 1 || total > maximumSeconds)
    raise('USAGE_INVALID_OPTION', {
      option: '--timeout',
      value,
      expected: 'a duration between 1s and 1h, such as 90s or 5m',
    });
  return total;
}
