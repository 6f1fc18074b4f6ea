import { expect, it, vi } from 'vitest';
import { Connections } from '../../../../src/api/http/connections.ts';

it('what a container has said is delivered when every client has it, and nobody is waited for where nobody listens', async () => {
  const connections = new Connections();
  await connections.delivered('c');
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  connections.keepRelay('c', one.promise);
  connections.keepRelay('c', other.promise);
  let isDelivered = false;
  const delivered = connections.delivered('c').then(() => {
    isDelivered = true;
  });
  one.resolve();
  await one.promise;
  expect(isDelivered).toBe(false);
  other.resolve();
  await delivered;
  await connections.delivered('c');
});

it('a client who does not read is not waited for without end', async () => {
  vi.useFakeTimers();
  try {
    const connections = new Connections();
    connections.keepRelay('c', new Promise(() => {}));
    const delivered = connections.delivered('c');
    vi.advanceTimersByTime(2_000);
    await delivered;
  } finally {
    vi.useRealTimers();
  }
});
