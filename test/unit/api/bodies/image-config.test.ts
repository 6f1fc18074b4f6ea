import { describe, expect, it } from 'vitest';
import { imageConfigOf } from '../../../../src/api/bodies/image-config.ts';

describe('the ContainerConfig of a commit', () => {
  it.each([undefined, null])('may be %j', (value) => {
    expect(imageConfigOf(value)).toBeUndefined();
  });

  it('is read member by member, as it is', () => {
    expect(
      imageConfigOf({
        Image: 'nobody asks',
        Hostname: 'nobody asks',
        User: 'app',
        Env: ['A=$B "c"\nd', 'E'],
        Cmd: 'one',
        Entrypoint: ['/x'],
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/data': null },
        Labels: { a: 'b', c: null },
        Healthcheck: { Test: ['NONE'], Interval: 5_000_000_000, Retries: 0 },
      }),
    ).toEqual({
      User: 'app',
      Env: ['A=$B "c"\nd', 'E'],
      Cmd: ['one'],
      Entrypoint: ['/x'],
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      Labels: { a: 'b', c: '' },
      Healthcheck: { Test: ['NONE'], Interval: 5_000_000_000 },
    });
  });

  it.each<[unknown, string]>([
    [[], 'the body is not an object'],
    [{ Env: 'A=1' }, 'Env is not a list of texts'],
    [{ Labels: ['a'] }, 'Labels is not an object of texts'],
    [{ Healthcheck: { Retries: '3' } }, 'Healthcheck.Retries is not a whole number'],
  ])('is not %j', (value, message) => {
    expect(() => imageConfigOf(value)).toThrow(expect.objectContaining({ kind: 'invalid', message }));
  });
});
