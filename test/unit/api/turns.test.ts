import { expect, it } from 'vitest';
import { Turns } from '../../../src/api/turns.ts';

it('who comes alone goes at once; of many at once each goes in a turn of the loop of its own, in their order', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const go = async (name: string) => {
    await turns.next();
    seen.push(name);
  };
  const all = [go('first'), go('second'), go('third')];
  await Promise.resolve();
  await Promise.resolve();
  expect(seen).toEqual(['first']);
  const between = Promise.withResolvers<void>();
  setImmediate(() => {
    seen.push('somebody else');
    between.resolve();
  });
  await Promise.all([...all, between.promise]);
  expect(seen.indexOf('somebody else')).toBeLessThan(seen.indexOf('third'));
  expect(seen.filter((name) => name !== 'somebody else')).toEqual(['first', 'second', 'third']);
});

it('turns are taken as before once nobody waits any more', async () => {
  const turns = new Turns();
  await Promise.all([turns.next(), turns.next()]);
  await new Promise((resolve) => setImmediate(resolve));
  let hasGone = false;
  const next = turns.next().then(() => {
    hasGone = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(hasGone).toBe(true);
  await next;
});
