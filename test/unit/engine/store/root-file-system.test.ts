import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layerDirectories, storageDriver } from '../../../../src/engine/store/layer-directories.ts';
import { rootfsOf } from '../../../../src/engine/store/root-file-system.ts';
import { storePaths } from '../../../../src/host/paths.ts';
import type { Digest } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const store = { paths: storePaths('/store'), askedStorage: undefined };
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
    expect(rootfsOf(store, { ...sources, options: {} })).toEqual({ ...own, lowers });
    expect(rootfsOf(store, { ...sources, options: limited })).toEqual({ ...own, lowers, size: 1 << 20 });
  });

  it('is a directory of the host, or that below what is written, as far as its size goes', () => {
    const sources = { id, layers: [], idMaps: undefined };
    const directory = '/srv/tree';
    const above = { rootfs: { directory, overlay: true }, files: { storageSize: 1 << 20 } };
    expect(rootfsOf(store, { ...sources, options: { rootfs: { directory } } })).toEqual({
      ...own,
      directory,
      lowers: [],
    });
    expect(rootfsOf(store, { ...sources, options: above })).toEqual({
      ...own,
      lowers: [directory],
      size: 1 << 20,
    });
  });
});

describe('a store of whole trees', () => {
  const test = useContext();
  const asked = (driver: 'overlay' | 'copy' | undefined) => ({
    paths: test.context.paths,
    askedStorage: driver,
  });
  const make = (isWhole: boolean): void => {
    mkdirSync(test.context.paths.layers, { recursive: true });
    if (isWhole) writeFileSync(test.context.paths.wholeTrees, 'no overlay can lie here');
  };

  it('makes a copy of the topmost layer what a container writes, whatever its id maps', () => {
    make(true);
    const top = `${test.context.paths.layers}/${'b'.repeat(64)}`;
    const ids = { uids: [{ inside: 0, outside: 100_000, count: 65_536 }], gids: [] };
    for (const idMaps of [undefined, { ...ids, idMapped: false }, { ...ids, idMapped: true }]) {
      expect(layerDirectories(asked(undefined), layers, idMaps)).toEqual([top]);
      const { lowers, copyOf } = rootfsOf(asked('copy'), { id, layers, idMaps, options: {} });
      expect({ lowers, copyOf }).toEqual({ lowers: [], copyOf: top });
    }
  });

  it('has nothing to copy for an image without layers, and for a directory', () => {
    make(true);
    const sources = { id, idMaps: undefined };
    const directory = '/srv/tree';
    expect(rootfsOf(asked(undefined), { ...sources, layers: [], options: {} }).copyOf).toBeUndefined();
    expect(
      rootfsOf(asked(undefined), { ...sources, layers: [], options: { rootfs: { directory } } }),
    ).toMatchObject({
      directory,
      lowers: [],
    });
  });

  it.each([
    [true, 'copy', 'overlay'],
    [false, 'overlay', 'copy'],
  ] as const)('does not become one of overlays, nor the other way round (%s)', (isWhole, driver, other) => {
    make(isWhole);
    expect(storageDriver(asked(undefined))).toBe(driver);
    expect(storageDriver(asked(driver))).toBe(driver);
    expect(() => storageDriver(asked(other))).toThrow(
      expect.objectContaining({
        kind: 'conflict',
        message: `the store ${test.context.paths.root} has the storage driver ${driver}, not ${other}`,
      }),
    );
  });
});
