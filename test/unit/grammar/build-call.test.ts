import { expect, it } from 'vitest';
import { parseBuildCall } from '../../../src/grammar/build-call.ts';

it('reads a method and its fields', () => {
  const usual = { method: 'check', format: 'text', ignoresStatus: false };
  expect(parseBuildCall('check')).toEqual(usual);
  expect(parseBuildCall('lint')).toEqual(usual);
  expect(parseBuildCall('check,format=json,ignorestatus')).toEqual({
    method: 'check',
    format: 'json',
    ignoresStatus: true,
  });
  expect(parseBuildCall('check,ignorestatus=false')).toEqual(usual);
  expect(parseBuildCall('targets,format=text')).toEqual({ ...usual, method: 'targets' });
  expect(parseBuildCall('outline')).toEqual({ ...usual, method: 'outline' });
});

it.each([
  ['subrequests.describe'],
  [''],
  ['check,format=xml'],
  ['check,ignorestatus=perhaps'],
  ['check,json'],
])('refuses %s', (text) => {
  expect(() => parseBuildCall(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
});
