import { expect, it } from 'vitest';
import { randomName } from '../../../../src/engine/options/container-name.ts';

it('a made-up name is an adjective and a surname, from the first to the last of both', () => {
  expect(randomName(() => 0)).toBe('able_abel');
  expect(randomName(() => 0.999999)).toBe('zealous_yonath');
  expect(randomName()).toMatch(/^[a-z]+_[a-z]+$/);
});

it('names are many enough to rarely collide', () => {
  const names = new Set(Array.from({ length: 200 }, () => randomName()));
  expect(names.size).toBeGreaterThan(180);
});
