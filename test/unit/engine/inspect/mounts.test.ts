import { describe, expect, it } from 'vitest';
import {
  bindTexts,
  longMounts,
  mountPoints,
  volumesFromTexts,
} from '../../../../src/engine/inspect/mounts.ts';
import { anonymousVolumes, type MountOptions } from '../../../../src/engine/options/mounts.ts';

/** What docker.io shows for `-v /tmp:/b:ro -v named:/c -v /d`, and for `--mount` of each type. */
const MOUNTS: MountOptions[] = [
  { type: 'bind', source: '/tmp', target: '/b', readOnly: true, asked: 'bind', createSource: true },
  { type: 'volume', name: 'named', target: '/c', asked: 'bind' },
  { type: 'volume', name: 'f00', anonymous: true, target: '/d', asked: 'bind' },
  { type: 'bind', source: '/tmp', target: '/e', readOnly: true, propagation: 'rprivate', asked: 'mount' },
  { type: 'tmpfs', target: '/f', size: 1048576, mode: 0o1770, asked: 'mount' },
  { type: 'volume', name: 'nv', target: '/g', readOnly: true, noCopy: true, asked: 'mount' },
  { type: 'volume', name: 'f01', anonymous: true, target: '/h', asked: 'mount' },
];

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('inspect', () => {
  it('shows what is mounted as docker.io does', () => {
    const sources = new Map([
      ['/c', '/v/named'],
      ['/d', '/v/f00'],
      ['/g', '/v/nv'],
      ['/h', '/v/f01'],
    ]);
    const at = (name: string) => ({
      Type: 'volume',
      Name: name,
      Source: `/v/${name}`,
      Driver: 'local',
      Propagation: '',
    });
    const bind = { Type: 'bind', Source: '/tmp', RW: false, Propagation: 'rprivate' };
    expect(json(mountPoints(MOUNTS, sources))).toEqual([
      { ...bind, Destination: '/b', Mode: 'ro' },
      { ...at('named'), Destination: '/c', Mode: 'z', RW: true },
      { ...at('f00'), Destination: '/d', Mode: '', RW: true },
      { ...bind, Destination: '/e', Mode: '' },
      { Type: 'tmpfs', Source: '', Destination: '/f', Mode: '', RW: true, Propagation: '' },
      { ...at('nv'), Destination: '/g', Mode: 'z', RW: false },
      { ...at('f01'), Destination: '/h', Mode: 'z', RW: true },
    ]);
  });

  it('shows what was asked for as docker.io does', () => {
    expect(bindTexts(MOUNTS)).toEqual(['/tmp:/b:ro', 'named:/c']);
    expect(anonymousVolumes(MOUNTS)).toEqual({ '/d': {} });
    expect(json(longMounts(MOUNTS))).toEqual([
      {
        Type: 'bind',
        Source: '/tmp',
        Target: '/e',
        ReadOnly: true,
        BindOptions: { Propagation: 'rprivate' },
      },
      { Type: 'tmpfs', Target: '/f', TmpfsOptions: { SizeBytes: 1048576, Mode: 1016 } },
      { Type: 'volume', Source: 'nv', Target: '/g', ReadOnly: true, VolumeOptions: { NoCopy: true } },
      { Type: 'volume', Target: '/h' },
    ]);
    expect(
      volumesFromTexts([{ container: 'web' }, { container: 'db', readOnly: true, relabel: 'shared' }]),
    ).toEqual(['web', 'db:ro,z']);
  });

  it('shows what was written after the second colon', () => {
    const words = {
      readOnly: true,
      relabel: 'private',
      chown: true,
      overlay: true,
      idMap: true,
      propagation: 'slave',
    } as const;
    expect(bindTexts([{ type: 'bind', source: '/a', target: '/b', asked: 'bind', ...words }])).toEqual([
      '/a:/b:ro,Z,U,O,idmap,slave',
    ]);
  });
});
