import { describe, expect, it } from 'vitest';
import { imageConfigOf, UNREAD_IMAGE_CONFIG } from '../../../../src/api/bodies/image-config.ts';

/** The members of ContainerConfig in Docker's API 1.24 to 1.51, each with what it cannot be. */
const MEMBERS = {
  Hostname: 1,
  Domainname: 1,
  User: 1,
  AttachStdin: 1,
  AttachStdout: 1,
  AttachStderr: 1,
  ExposedPorts: ['80'],
  Tty: 1,
  OpenStdin: 1,
  StdinOnce: 1,
  Env: 'A=1',
  Cmd: 1,
  Healthcheck: [],
  ArgsEscaped: 1,
  Image: 1,
  Volumes: ['/v'],
  WorkingDir: 1,
  Entrypoint: 1,
  NetworkDisabled: 1,
  MacAddress: 1,
  OnBuild: 1,
  Labels: { a: 1 },
  StopSignal: 9,
  StopTimeout: '1',
  Shell: 1,
};

describe('the ContainerConfig of a commit', () => {
  it.each(Object.entries(MEMBERS))('has no %s that is %j, unless it is known as harmless', (name, value) => {
    if (name in UNREAD_IMAGE_CONFIG) expect(() => imageConfigOf({ [name]: value })).not.toThrow();
    else expect(() => imageConfigOf({ [name]: value })).toThrow(name);
  });

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
