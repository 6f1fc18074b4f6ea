import { describe, expect, it } from 'vitest';
import { Slots } from '../../../../src/engine/images/slots.ts';

describe('slots', () => {
  it('are given out in the order in which they were asked for', async () => {
    const slots = new Slots(1);
    await slots.take();
    const order: string[] = [];
    const first = slots.take().then(() => order.push('first'));
    const second = slots.take().then(() => order.push('second'));
    expect(slots.tryTake()).toBe(false);
    slots.release();
    await first;
    slots.release();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('are free again once nobody waits', async () => {
    const slots = new Slots(2);
    await slots.take();
    await slots.take();
    slots.release();
    expect(slots.tryTake()).toBe(true);
    expect(slots.tryTake()).toBe(false);
  });
});
