import { expect, it } from 'vitest';
import { type Difference, isShown, shownFor } from '../../../../src/api/bodies/differences.ts';
import { omitEmpty } from '../../../../src/engine/inspect/go-json.ts';

const ANSWER = { a: { b: 1, c: 2 }, list: [{ x: 1 }, { x: 2, y: 3 }], map: { one: { x: 1 } }, none: null };

function shown(version: number, ...differences: Difference[]): object {
  return JSON.parse(JSON.stringify(shownFor(version, differences)(structuredClone(ANSWER))));
}

it('takes members away from the versions that differ at any depth', () => {
  expect(shown(43, { at: 'a.b', before: 44 })).toEqual({ ...ANSWER, a: { c: 2 } });
  expect(shown(44, { at: 'a.b', before: 44 })).toEqual(ANSWER);
  expect(shown(40, { at: 'list.*.x', before: 44 })).toMatchObject({ list: [{}, { y: 3 }] });
  expect(shown(40, { at: 'map.*.x', before: 44 })).toMatchObject({ map: { one: {} } });
});

it('shows something else, of what has the member and of the whole', () => {
  const as: Difference['as'] = (holder, whole) => [holder['x'], whole['none']];
  expect(shown(28, { at: 'list.*.x', from: 28, as })).toMatchObject({
    list: [{ x: [1, null] }, { x: [2, null] }],
  });
  expect(shown(27, { at: 'list.*.x', from: 28, as })).toEqual(ANSWER);
  expect(shown(47, { at: 'a.new', from: 47, before: 48, as: () => 5 })).toMatchObject({
    a: { b: 1, new: 5 },
  });
  expect(shown(48, { at: 'a.new', from: 47, before: 48, as: () => 5 })).toEqual(ANSWER);
});

it('changes nothing where there is no place for it', () => {
  const elsewhere = ['none.x', 'none.*.x', 'gone.x', 'gone.*.x', 'a.b.c', 'a.gone'];
  for (const at of elsewhere) expect(shown(1, { at })).toEqual(ANSWER);
});

it('shows what was left out for being empty, and leaves it out where it is not to be there', () => {
  const answer = () => omitEmpty({ a: '', b: {} as object }, 'a', 'b');
  const as = () => 'there';
  expect(JSON.stringify(shownFor(1, [{ at: 'a', as }])(answer()))).toBe('{"a":"there","b":{}}');
  expect(JSON.stringify(shownFor(1, [{ at: 'a' }, { at: 'b' }])(answer()))).toBe('{}');
});

it('tells whether a member is shown at all', () => {
  const differences: Difference[] = [
    { at: 'a', before: 48 },
    { at: 'b', before: 48, as: () => 1 },
    { at: 'c', from: 50 },
  ];
  expect([isShown(47, differences, 'a'), isShown(48, differences, 'a')]).toEqual([false, true]);
  expect(isShown(47, differences, 'b')).toBe(true);
  expect([isShown(49, differences, 'c'), isShown(50, differences, 'c')]).toEqual([true, false]);
});
