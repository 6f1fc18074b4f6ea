import { describe, expect, it } from 'vitest';
import { parseRootDirectory } from '../../../src/grammar/root-directory.ts';
import { optionsOf } from '../cli/options-of.ts';

describe('a directory in the place of an image', () => {
  it('is a path of the host, whether it has a slash or not, and a layer may be above it', () => {
    expect(parseRootDirectory('/srv/tree')).toEqual({
      image: '/srv/tree',
      rootfs: { directory: '/srv/tree' },
    });
    expect(parseRootDirectory('/srv/a/../tree/:O')).toEqual({
      image: '/srv/tree:O',
      rootfs: { directory: '/srv/tree', overlay: true },
    });
    for (const relative of ['tree', './tree', 'x/../tree'])
      expect(parseRootDirectory(relative).rootfs).toEqual({ directory: `${process.cwd()}/tree` });
    expect(parseRootDirectory('/a:b').rootfs).toEqual({ directory: '/a:b' });
  });

  it('is named', () => {
    for (const nothing of ['', ':O'])
      expect(() => parseRootDirectory(nothing)).toThrow(
        '--rootfs needs a directory in the place of the image',
      );
  });

  it('is the first operand, and not fetched', async () => {
    const directory = `${process.cwd()}/image`;
    expect(await optionsOf('--rootfs')).toMatchObject({ image: directory, rootfs: { directory } });
    expect((await optionsOf('--rootfs=false')).rootfs).toBeUndefined();
    await expect(optionsOf('--rootfs', '--pull', 'always')).rejects.toThrow(
      '--pull and --rootfs contradict each other',
    );
  });
});
