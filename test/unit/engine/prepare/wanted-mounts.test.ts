import { describe, expect, it } from 'vitest';
import type { MountOptions } from '../../../../src/engine/options/mounts.ts';
import { wantedMounts } from '../../../../src/engine/prepare/wanted-mounts.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import type { ImageConfig } from '../../../../src/oci/image-config.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

function image(...volumes: string[]): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    config: { Volumes: Object.fromEntries(volumes.map((path) => [path, {}])) },
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

function wanted(changes: object, config = image()) {
  return wantedMounts(room.context, { ...containerRow().options, ...changes }, config);
}

function insert(mounts: MountOptions[]): void {
  const row = containerRow({ name: 'web' });
  insertContainer(room.context.database, { ...row, options: { ...row.options, mounts } }, () => false);
}

const targets = (mounts: readonly MountOptions[]) => mounts.map(({ target, asked }) => `${target} ${asked}`);

describe('the mounts of a new container', () => {
  it('have volumes for what its image declares, each with a name of its own', () => {
    const { mounts } = wanted({}, image('/data', '/data/', 'log', '/'));
    expect(targets(mounts)).toEqual(['/data image', '/log image']);
    const names = mounts.map((mount) => (mount.type === 'volume' ? mount.name : ''));
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(names).size).toBe(2);
    expect(mounts[0]).toMatchObject({ anonymous: true });
  });

  it('leave out what is declared where there is something else', () => {
    const own: MountOptions = { type: 'bind', source: '/a', target: '/data', asked: 'bind' };
    const files = { tmpfs: [{ path: '/run/', options: [] }] };
    expect(targets(wanted({ mounts: [own], files }, image('/data', '/run')).mounts)).toEqual(['/data bind']);
  });

  it('are those of other containers, too, where it asks for nothing itself', () => {
    insert([
      { type: 'volume', name: 'data', target: '/data', asked: 'bind' },
      { type: 'bind', source: '/a', target: '/a', asked: 'mount', readOnly: true },
      { type: 'tmpfs', target: '/tmp', asked: 'mount' },
      { type: 'bind', source: '/mine', target: '/own', asked: 'bind' },
    ]);
    const mounts: MountOptions[] = [{ type: 'bind', source: '/b', target: '/own', asked: 'bind' }];
    const plain = wanted({ mounts, volumesFrom: [{ container: 'web' }] }, image('/data'));
    expect(plain).toEqual({
      mounts: [
        ...mounts,
        { type: 'volume', name: 'data', target: '/data', asked: 'from', noCopy: true },
        { type: 'bind', source: '/a', target: '/a', asked: 'from', readOnly: true },
        { type: 'tmpfs', target: '/tmp', asked: 'from' },
      ],
      volumesFrom: [{ container: ID }],
    });
    const files = { tmpfs: [{ path: '/data/', options: [] }] };
    expect(targets(wanted({ files, volumesFrom: [{ container: 'web' }] }).mounts)).not.toContain(
      '/data from',
    );
    const closed = wanted({ volumesFrom: [{ container: 'web', readOnly: true, relabel: 'shared' }] });
    expect(closed.mounts.every(({ readOnly }) => readOnly)).toBe(true);
    expect(closed.mounts[0]).toMatchObject({ relabel: 'shared' });
  });

  it('are refused with a container or an image that is not there', () => {
    expect(() => wanted({ volumesFrom: [{ container: 'nope' }] })).toThrow('no such container: nope');
    expect(() => wanted({ mounts: [{ type: 'image', image: 'nope', target: '/x' }] })).toThrow(
      'no such image: nope',
    );
  });
});
