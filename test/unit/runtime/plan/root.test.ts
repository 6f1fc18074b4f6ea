import { describe, expect, it } from 'vitest';
import { compileRootPlan, type RootPlacement } from '../../../../src/runtime/plan/root.ts';

const rootfs = {
  lowers: ['/l/2', '/l/1'],
  upper: '/c/upper',
  work: '/c/work',
  mountPoint: '/c/rootfs',
  idMapped: false,
};
const placement: RootPlacement = {
  id: 'a',
  directory: '/c',
  exitRecord: '/c/exit',
  rootfs,
  readOnly: false,
  access: 'write',
};

function rootOf(changes: Partial<RootPlacement>) {
  return compileRootPlan({ ...placement, ...changes }).find(([op]) => op === 'overlay' || op === 'bind-root');
}

describe('the plan of a root that is mounted without its container', () => {
  it('is an overlay that can be written, in which nothing is executed or a device', () => {
    const flags = 'nodev,nosuid,noexec';
    expect(rootOf({})).toEqual(['overlay', '/c/rootfs', '/c/upper', '/c/work', flags, '/l/2', '/l/1']);
    expect(rootOf({ readOnly: true })?.[4]).toBe(`${flags},ro`);
  });

  it('has the upper directory as the topmost lower one to be read only, so that others may have it, too', () => {
    const flags = 'nodev,nosuid,noexec,ro';
    expect(rootOf({ access: 'read' })).toEqual([
      'overlay',
      '/c/rootfs',
      '',
      '',
      flags,
      '/c/upper',
      '/l/2',
      '/l/1',
    ]);
  });

  it('is the upper directory alone where there are no layers', () => {
    const flags = 'nodev,nosuid,noexec';
    const alone = { ...rootfs, lowers: [] };
    expect(rootOf({ rootfs: alone })).toEqual(['bind-root', '/c/rootfs', '/c/upper', flags]);
    expect(rootOf({ rootfs: alone, readOnly: true })?.[3]).toBe(`${flags},ro`);
    expect(rootOf({ rootfs: alone, access: 'read' })?.[3]).toBe(`${flags},ro`);
  });

  it('is a directory of the host as it is, with what is mounted below it when mounts are to be seen', () => {
    const flags = 'nodev,nosuid,noexec';
    const itself = { ...rootfs, lowers: [], directory: '/srv/tree', idMapped: true };
    expect(rootOf({ rootfs: itself })).toEqual(['bind-root', '/c/rootfs', '/srv/tree', `${flags},idmap`]);
    expect(rootOf({ rootfs: itself, deep: true, access: 'read' })?.[3]).toBe(`rec,${flags},ro,idmap`);
  });

  it('shows layers through id maps as at the start', () => {
    const idMaps = {
      uids: [{ inside: 0, outside: 100_000, count: 65_536 }],
      gids: [{ inside: 0, outside: 200_000, count: 65_536 }],
    };
    const plan = compileRootPlan({ ...placement, idMaps, rootfs: { ...rootfs, idMapped: true } });
    expect(plan).toEqual(
      expect.arrayContaining([
        ['namespace', 'user'],
        ['uid-map', '0', '100000', '65536'],
        ['gid-map', '0', '200000', '65536'],
        ['overlay', '/c/rootfs', '/c/upper', '/c/work', 'nodev,nosuid,noexec,idmap', '/l/2', '/l/1'],
      ]),
    );
  });

  it('mounts what is mounted in the container after the root and in that order', () => {
    const mounts = [
      ['bind', '/a', '/x', ''],
      ['bind', '/b', '/x/y', ''],
    ] as const;
    const operations = compileRootPlan({ ...placement, mounts })
      .slice(-5)
      .map(([op]) => op);
    expect(operations).toEqual(['overlay', 'bind', 'bind', 'process', 'teardown']);
  });
});
