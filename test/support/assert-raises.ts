/** Assertions about errors of the catalogue. */
import assert from 'node:assert/strict';
import { isToolError, type ErrorCode } from '../../src/errors/index.ts';

const anything = /(?:)/;

/** For `assert.throws` and `assert.rejects`: an error with this code and message. */
export function raises(code: ErrorCode, message: RegExp = anything): (error: unknown) => true {
  return (error) => {
    assert.ok(isToolError(error, code), `${code} expected, got ${String(error)}`);
    assert.match(error.message, message);
    return true;
  };
}
