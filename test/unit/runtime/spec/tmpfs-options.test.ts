import { describe, expect, it } from 'vitest';
import { tmpfsMount } from '../../../../src/runtime/spec/tmpfs-options.ts';

const optionsOf = (...options: string[]) => tmpfsMount({ path: '/run', options }).options;

describe('tmpfsMount', () => {
  it('is closed as in Docker when nothing is said', () => {
    expect(tmpfsMount({ path: '/run/', options: [] })).toEqual({
      destination: '/run',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['noexec', 'nosuid', 'nodev'],
    });
  });

  it('is opened by the opposite word, the last one about a thing winning', () => {
    expect(optionsOf('exec', 'dev', 'suid')).toEqual([]);
    expect(optionsOf('exec', 'noexec', 'ro', 'rw', 'strictatime', 'relatime')).toEqual([
      'noexec',
      'nosuid',
      'nodev',
      'relatime',
    ]);
  });

  it('takes the parameters of tmpfs', () => {
    expect(
      optionsOf('size=64m', 'mode=1777', 'uid=5', 'gid=6', 'nr_inodes=1k', 'nr_blocks=9', 'size=50%'),
    ).toEqual([
      'noexec',
      'nosuid',
      'nodev',
      'size=50%',
      'mode=1777',
      'uid=5',
      'gid=6',
      'nr_inodes=1k',
      'nr_blocks=9',
    ]);
  });

  it.each([
    'bind',
    'remount',
    'nodiratime',
    'size',
    'size=',
    'size=64q',
    'mode=999',
    'huge=always',
    'x',
    'toString',
    'ro=1',
  ])('refuses the option %s by its name', (option) => {
    expect(() => optionsOf(option)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: `invalid option of the tmpfs on /run: "${option}"`,
        subject: option,
      }),
    );
  });

  it.each(['', 'run', '/', '/.', '/proc', '/proc/', '/proc/sys', '/run/../proc', '//proc/self'])(
    'is not mounted on "%s"',
    (path) => {
      expect(() => tmpfsMount({ path, options: [] })).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `a tmpfs cannot be mounted on "${path}"` }),
      );
    },
  );
});
