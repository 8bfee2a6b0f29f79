import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import {
  createChoppedCarriers,
  createMemoryCarriers,
  createTcpCarriers,
  type CarrierPair,
} from '../../support/carriers.ts';
import { readAll } from '../../support/mux-pair.ts';

const kinds: Record<string, () => CarrierPair | Promise<CarrierPair>> = {
  createMemoryCarriers,
  createTcpCarriers,
  createChoppedCarriers,
};

for (const [name, createCarriers] of Object.entries(kinds)) {
  describe(name, () => {
    it('carries bytes both ways, each end until its own end', async () => {
      const [near, far] = await createCarriers();
      const [outward, inward] = [randomBytes(200_000), randomBytes(200_000)];
      near.end(outward);
      assert.ok((await readAll(far)).equals(outward));
      far.end(inward);
      assert.ok((await readAll(near)).equals(inward));
    });

    it('tells one end that the other was destroyed', async () => {
      const [near, far] = await createCarriers();
      far.resume().on('error', () => undefined);
      const closed = once(far, 'close');
      near.destroy();
      far.end();
      await closed;
    });
  });
}

it('createChoppedCarriers() cuts what is written', async () => {
  const [near, far] = createChoppedCarriers();
  const sizes: number[] = [];
  far.on('data', (chunk: Buffer) => sizes.push(chunk.length));
  near.end(Buffer.alloc(100_000));
  await once(far, 'end');
  assert.ok(sizes.length > 30 && Math.min(...sizes) < 100 && Math.max(...sizes) <= 3_000);
});
