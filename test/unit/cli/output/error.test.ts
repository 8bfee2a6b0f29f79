import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatError, formatNote } from '../../../../cli/output/error.ts';
import { coloursFor } from '../../../../cli/output/terminal.ts';
import { createError } from '../../../../src/errors/index.ts';
import { createRecordingTerminal } from '../../../support/recording-terminal.ts';

const colours = coloursFor(createRecordingTerminal(), {});
const error = createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' }, { cause: new Error('404') });

test('formatError() writes message and code, and the remedy on its own line', async () => {
  assert.equal(
    await formatError(error, { output: 'text', colours, debug: false }),
    'tp: Namespace "shop" does not exist [NAMESPACE_NOT_FOUND]\n    Name an existing one with --namespace\n',
  );
});

test('formatError() keeps text from the cluster on its line', async () => {
  const text = await formatError(createError('INTERNAL', { reason: 'a\n\u001b[2Jb' }), {
    output: 'text',
    colours,
    debug: false,
  });
  assert.equal(text.split('\n').length, 3);
  assert.doesNotMatch(text, /\u001b/);
});

test('formatError() shows stack traces only for --debug, with the cause', async () => {
  assert.doesNotMatch(await formatError(error, { output: 'text', colours, debug: false }), / at /);
  const text = await formatError(error, { output: 'text', colours, debug: true });
  assert.match(text, /ToolError: Namespace[^]* at [^]*Caused by: Error: 404[^]* at /);
});

test('formatError() is an object for programs', async () => {
  const { error: printed } = JSON.parse(
    await formatError(error, { output: 'json', colours, debug: false }),
  ) as {
    error: unknown;
  };
  assert.deepEqual(printed, {
    code: 'NAMESPACE_NOT_FOUND',
    category: 'cluster',
    message: 'Namespace "shop" does not exist',
    remedy: 'Name an existing one with --namespace',
    details: { namespace: 'shop' },
  });
});

test('formatNote() has a remedy line only with a remedy', () => {
  assert.equal(formatNote({ message: 'careful' }, colours), 'tp: careful\n');
  assert.equal(formatNote({ message: 'careful', remedy: 'do this' }, colours), 'tp: careful\n    do this\n');
});
