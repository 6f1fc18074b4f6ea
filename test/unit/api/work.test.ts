import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Work } from '../../../src/api/work.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether it has resolved by now. */
async function isIdle(work: Work): Promise<boolean> {
  return await Promise.race([work.idle.then(() => true), vi.advanceTimersByTimeAsync(0).then(() => false)]);
}

describe('the work of a service', () => {
  it('is over when there was no request for as long as was said, however long one takes', async () => {
    const work = new Work(1000);
    const stream = Promise.withResolvers<void>();
    await vi.advanceTimersByTimeAsync(999);
    work.add(stream.promise);
    work.add(Promise.resolve());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await isIdle(work)).toBe(false);
    stream.resolve();
    await vi.advanceTimersByTimeAsync(999);
    expect(await isIdle(work)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isIdle(work)).toBe(true);
  });

  it('is over without what does not count, as connections on which nobody asks', async () => {
    const work = new Work(1000);
    const open = Promise.withResolvers<void>();
    const counts = work.add(open.promise);
    counts(false);
    await vi.advanceTimersByTimeAsync(999);
    counts(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await isIdle(work)).toBe(false);
    counts(false);
    counts(false);
    work.touch();
    await vi.advanceTimersByTimeAsync(999);
    expect(await isIdle(work)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isIdle(work)).toBe(true);
  });

  it('is not over while another one runs, when one that did not count has ended', async () => {
    const work = new Work(1000);
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const counts = work.add(first.promise);
    work.add(second.promise);
    counts(false);
    first.resolve();
    await vi.advanceTimersByTimeAsync(60_000);
    counts(true);
    counts(false);
    expect(await isIdle(work)).toBe(false);
    second.resolve();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await isIdle(work)).toBe(true);
  });

  it('is not over as long as somebody who has just connected may still ask', async () => {
    const work = new Work(1000);
    await vi.advanceTimersByTimeAsync(999);
    work.touch();
    await vi.advanceTimersByTimeAsync(999);
    expect(await isIdle(work)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isIdle(work)).toBe(true);
  });

  it('is never over without such a time', async () => {
    const work = new Work(0);
    await vi.advanceTimersByTimeAsync(1e9);
    expect(await isIdle(work)).toBe(false);
  });

  it('is awaited at the end, and not for ever', async () => {
    const work = new Work(0);
    const request = Promise.withResolvers<void>();
    work.add(request.promise);
    const done = vi.fn();
    const ended = work.done(5000).then(done);
    await vi.advanceTimersByTimeAsync(4999);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    work.add(Promise.resolve());
    request.resolve();
    await work.done(5000);
  });
});
