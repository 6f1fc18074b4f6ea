import { describe, expect, it } from 'vitest';
import { rootfsOf } from '../../../../src/engine/store/root-file-system.ts';
import { storePaths } from '../../../../src/host/paths.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

const paths = storePaths('/store');
const id = 'c'.repeat(64);
const own = {
  upper: `/store/containers/${id}/upper`,
  work: `/store/containers/${id}/work`,
  mountPoint: `/store/containers/${id}/rootfs`,
  idMapped: false,
};
const layers = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}` as Digest);

describe('the root file system of a container', () => {
  it('is the layers of an image, topmost first, and what is written, as far as its size goes', () => {
    const lowers = ['b', 'a'].map((digit) => `/store/layers/${digit.repeat(64)}`);
    const sources = { id, layers, idMaps: undefined };
    const limited = { files: { storageSize: 1 << 20 } };
    expect(rootfsOf(paths, { ...sources, options: {} })).toEqual({ ...own, lowers });
    expect(rootfsOf(paths, { ...sources, options: limited })).toEqual({ ...own, lowers, size: 1 << 20 });
  });

  it('is a directory of the host, or that below what is written, as far as its size goes', () => {
    const sources = { id, layers: [], idMaps: undefined };
    const directory = '/srv/tree';
    const above = { rootfs: { directory, overlay: true }, files: { storageSize: 1 << 20 } };
    expect(rootfsOf(paths, { ...sources, options: { rootfs: { directory } } })).toEqual({
      ...own,
      directory,
      lowers: [],
    });
    expect(rootfsOf(paths, { ...sources, options: above })).toEqual({
      ...own,
      lowers: [directory],
      size: 1 << 20,
    });
  });
});
