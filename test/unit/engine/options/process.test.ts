import { describe, expect, it } from 'vitest';
import type { ProcessOptions } from '../../../../src/engine/options/create.ts';
import { mergeProcess } from '../../../../src/engine/options/process.ts';
import type { ExecutionConfig, ImageConfig } from '../../../../src/oci/image-config.ts';

function imageWith(config: ExecutionConfig): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

function wishes(options: Partial<ProcessOptions> = {}): ProcessOptions {
  return { command: [], env: [], stdin: false, ...options };
}

const IMAGE = imageWith({
  Entrypoint: ['/entry'],
  Cmd: ['default'],
  Env: ['PATH=/bin', 'A=1'],
  User: 'www',
  WorkingDir: '/srv',
});

describe('what a container executes', () => {
  it.each([
    ["the image's entrypoint and command", wishes(), ['/entry', 'default']],
    ["a command in place of the image's", wishes({ command: ['own', 'x'] }), ['/entry', 'own', 'x']],
    ["an entrypoint that drops the image's command", wishes({ entrypoint: ['/mine'] }), ['/mine']],
    ['an entrypoint with a command', wishes({ entrypoint: ['/mine'], command: ['x'] }), ['/mine', 'x']],
    ['a command alone when the entrypoint is cleared', wishes({ entrypoint: [], command: ['x'] }), ['x']],
    [
      "the image's command alone when that is kept",
      wishes({ entrypoint: [], keepsCommand: true }),
      ['default'],
    ],
  ])('is %s', (_, options, argv) => {
    expect(mergeProcess(IMAGE, options, { image: 'image' }).argv).toEqual(argv);
  });

  it.each([
    ['/a/../b/./c/', '/b/c'],
    ['/..', '/'],
    ['/', '/'],
    [undefined, '/srv'],
  ])('is in the directory %s without needless parts: %s', (cwd, directory) => {
    expect(mergeProcess(IMAGE, wishes({ cwd }), { image: 'image' }).cwd).toBe(directory);
  });

  it('has to be named by somebody', () => {
    expect(() => mergeProcess(imageWith({}), wishes(), { image: 'empty' })).toThrowError(
      /no command specified.*empty/,
    );
    expect(() => mergeProcess(IMAGE, wishes({ entrypoint: [] }), { image: 'image' })).toThrowError(
      /no command specified/,
    );
  });

  it('is not blamed on an image whose command the given entrypoint sets aside', () => {
    expect(() => mergeProcess(IMAGE, wishes({ entrypoint: [] }), { image: 'image' })).toThrowError(
      /entrypoint.*image/,
    );
    expect(() => mergeProcess(imageWith({}), wishes({ entrypoint: [] }), { image: 'empty' })).toThrowError(
      /names none/,
    );
    const directory = { image: '/srv/tree', rootfs: { directory: '/srv/tree' } };
    expect(() => mergeProcess(imageWith({}), wishes(), directory)).toThrowError(
      /no command specified: there is no image that could name one for \/srv\/tree/,
    );
  });

  it('keeps a name without a value, which takes the variable away at the start', () => {
    expect(mergeProcess(IMAGE, wishes({ env: ['A', 'X'] }), { image: 'image' }).env).toEqual([
      'PATH=/bin',
      'A',
      'X',
    ]);
    expect(mergeProcess(IMAGE, wishes({ env: ['A=2', 'A'] }), { image: 'image' }).env).toEqual([
      'PATH=/bin',
      'A',
    ]);
    expect(mergeProcess(IMAGE, wishes({ env: ['A', 'A=2'] }), { image: 'image' }).env).toEqual([
      'PATH=/bin',
      'A=2',
    ]);
  });

  it('sees the later of two values of a variable', () => {
    const { env } = mergeProcess(IMAGE, wishes({ env: ['A=2', 'B=x=y', 'B=3'] }), { image: 'image' });
    expect(env).toEqual(['PATH=/bin', 'A=2', 'B=3']);
  });

  it('runs where and as whom the image says unless told otherwise', () => {
    expect(mergeProcess(IMAGE, wishes(), { image: 'image' })).toMatchObject({ cwd: '/srv', user: 'www' });
    expect(mergeProcess(IMAGE, wishes({ cwd: '/tmp', user: '0' }), { image: 'image' })).toMatchObject({
      cwd: '/tmp',
      user: '0',
    });
    expect(mergeProcess(imageWith({ Cmd: ['x'] }), wishes(), { image: 'image' })).toMatchObject({
      cwd: '/',
      user: '',
    });
  });
});
