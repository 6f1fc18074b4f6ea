import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { socketWire } from '../../../../src/api/http/wire.ts';

it('who writes without waiting to a client that does not read leaves nothing behind for each time', async () => {
  const written: (() => void)[] = [];
  const client = new Duplex({
    highWaterMark: 1,
    read() {},
    write: (_bytes, _encoding, done) => void written.push(done),
  });
  const wire = socketWire(client, Buffer.alloc(0));
  const waiting = Array.from({ length: 50 }, () => wire.write('line'));
  expect(client.listenerCount('drain')).toBe(1);
  for (let count = 0; count < 50; count += 1) {
    written.shift()?.();
    await Promise.resolve();
    await new Promise(setImmediate);
  }
  await Promise.all(waiting);
  expect(client.listenerCount('drain')).toBe(0);
});
