import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { createPolicyDialers, isDenied } from '../../../agent/dial-policy.ts';
import { createError } from '../../../src/errors/index.ts';
import type { Dialer } from '../../../src/net/index.ts';

const { signal } = new AbortController();

function dialersFor(addresses: string[], refused: string[] = []): { dialers: Dialer; dialled: string[] } {
  const dialled: string[] = [];
  const dialers = createPolicyDialers({
    resolver: { lookup: () => Promise.resolve(addresses) },
    dialer: {
      dial: ({ host }) => {
        dialled.push(host);
        return refused.includes(host)
          ? Promise.reject(createError('NET_REFUSED', { target: host }))
          : Promise.resolve(new Duplex());
      },
    },
    datagramDialer: { associate: () => Promise.reject(new Error('not asked for')) },
  });
  return { dialers, dialled };
}

for (const address of ['169.254.169.254', '169.254.0.1', 'fe80::1'])
  test(`${address} is denied, by address and by a name that means it`, async () => {
    assert.equal(isDenied(address), true);
    const { dialers, dialled } = dialersFor([address]);
    await assert.rejects(dialers.dial({ host: address, port: 80 }, { signal }), { code: 'NET_DENIED' });
    await assert.rejects(dialers.dial({ host: 'metadata', port: 80 }, { signal }), { code: 'NET_DENIED' });
    assert.deepEqual(dialled, []);
  });

test('the next address is tried when one refuses', async () => {
  const { dialers, dialled } = dialersFor(['10.0.0.1', '10.0.0.2'], ['10.0.0.1']);
  await dialers.dial({ host: 'db', port: 5432 }, { signal });
  assert.deepEqual(dialled, ['10.0.0.1', '10.0.0.2']);
});

test('the first failure is told when all refuse, after at most four', async () => {
  const all = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
  const { dialers, dialled } = dialersFor(all, all);
  await assert.rejects(dialers.dial({ host: 'db', port: 5432 }, { signal }), { code: 'NET_REFUSED' });
  assert.deepEqual(dialled, all.slice(0, 4));
});

test('a name without an address does not exist', async () => {
  const { dialers } = dialersFor([]);
  await assert.rejects(dialers.dial({ host: 'nowhere', port: 80 }, { signal }), {
    code: 'NET_NAME_NOT_FOUND',
  });
});
