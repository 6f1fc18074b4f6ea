import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MountOptions } from '../../../../src/engine/options/mounts.ts';
import { optionsOf } from '../options-of.ts';

async function volumes(...texts: string[]): Promise<MountOptions[]> {
  return (await optionsOf(...texts.flatMap((text) => ['-v', text]))).mounts ?? [];
}

async function mount(text: string): Promise<MountOptions | undefined> {
  return (await optionsOf('--mount', text)).mounts?.[0];
}

const HERE = process.cwd();
const bind = { type: 'bind', target: '/b', asked: 'bind', createSource: true };

describe('-v', () => {
  it.each<[string, object]>([
    ['/a:/b', { ...bind, source: '/a' }],
    ['/a/./c//../d/:/b/../b/', { ...bind, source: '/a/d' }],
    ['.:/b', { ...bind, source: HERE }],
    ['./x:/b', { ...bind, source: join(HERE, 'x') }],
    ['../x:/b', { ...bind, source: join(HERE, '../x') }],
    ['/a:/b:ro', { ...bind, source: '/a', readOnly: true }],
    ['/a:/b:rw', { ...bind, source: '/a' }],
    ['/a:/b:', { ...bind, source: '/a' }],
    ['/a:/b:cached', { ...bind, source: '/a' }],
    [
      '/a:/b:ro,z,rslave',
      { ...bind, source: '/a', readOnly: true, relabel: 'shared', propagation: 'rslave' },
    ],
    ['/a:/b:Z', { ...bind, source: '/a', relabel: 'private' }],
    ['/a:/b:U,idmap', { ...bind, source: '/a', chown: true, idMap: true }],
    ['/a:/b:O', { ...bind, source: '/a', overlay: true }],
    ['data:/b', { type: 'volume', name: 'data', target: '/b', asked: 'bind' }],
    [
      'data:/b:ro,nocopy,Z',
      {
        type: 'volume',
        name: 'data',
        target: '/b',
        asked: 'bind',
        readOnly: true,
        noCopy: true,
        relabel: 'private',
      },
    ],
    ['/b', { type: 'volume', target: '/b', asked: 'bind' }],
  ])('reads %s', async (text, expected) => {
    expect(await volumes(text)).toEqual([expected]);
  });

  it.each([
    ['', "invalid volume specification: ''"],
    [':/b', "invalid volume specification: ':/b'"],
    ['/a:', "invalid volume specification: '/a:'"],
    ['/a:ro', "invalid volume specification: '/a:ro'"],
    ['/a:/b:ro:x', "invalid volume specification: '/a:/b:ro:x'"],
    ['/a:/b:bogus', 'invalid mode: bogus'],
    ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
    ['/a:/b:ro,ro', 'invalid mode: ro,ro'],
    ['/a:/b:z,Z', 'invalid mode: z,Z'],
    ['/a:/b:shared,slave', 'invalid mode: shared,slave'],
    ['/a:/b:toString', 'invalid mode: toString'],
    ['/a:/b:nocopy', '"nocopy" is for volumes only'],
    ['data:/b:shared', '"shared" is for paths of the host only'],
    ['data:/b:O', '"O" is for paths of the host only'],
  ])('refuses %j', async (text, message) => {
    await expect(volumes(text)).rejects.toThrow(message);
  });
});

describe('--mount', () => {
  it.each<[string, object]>([
    ['type=bind,src=/a,dst=/b', { type: 'bind', source: '/a' }],
    ['type=bind,source=./x,target=/b', { type: 'bind', source: join(HERE, 'x') }],
    ['TYPE=BIND,Source=/a,destination=/b/', { type: 'bind', source: '/a' }],
    ['"type=bind","src=/a,b",dst=/b', { type: 'bind', source: '/a,b' }],
    ['type=bind,src=/a,dst=/b,ro', { type: 'bind', source: '/a', readOnly: true }],
    ['type=bind,src=/a,dst=/b,readonly=1', { type: 'bind', source: '/a', readOnly: true }],
    ['type=bind,src=/a,dst=/b,ro=false', { type: 'bind', source: '/a' }],
    [
      'type=bind,src=/a,dst=/b,bind-propagation=RShared',
      { type: 'bind', source: '/a', propagation: 'rshared' },
    ],
    ['type=bind,src=/a,dst=/b,bind-nonrecursive', { type: 'bind', source: '/a', recursive: 'disabled' }],
    [
      'type=bind,src=/a,dst=/b,bind-recursive=disabled',
      { type: 'bind', source: '/a', recursive: 'disabled' },
    ],
    [
      'type=bind,src=/a,dst=/b,ro,bind-recursive=writable',
      { type: 'bind', source: '/a', readOnly: true, recursive: 'writable' },
    ],
    [
      'type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate',
      { type: 'bind', source: '/a', readOnly: true, recursive: 'readonly', propagation: 'rprivate' },
    ],
    ['type=bind,src=/a,dst=/b,bind-create-src', { type: 'bind', source: '/a', createSource: true }],
    ['type=bind,src=/a,dst=/b,consistency=cached', { type: 'bind', source: '/a' }],
    ['dst=/b', { type: 'volume' }],
    ['src=data,dst=/b,volume-nocopy', { type: 'volume', name: 'data', noCopy: true }],
    [
      'src=data,dst=/b,volume-subpath=x/y,volume-driver=local,volume-opt=type=nfs,"volume-opt=o=addr=h,rw",volume-label=a=b,volume-label=c',
      {
        type: 'volume',
        name: 'data',
        subpath: 'x/y',
        driver: 'local',
        driverOptions: { type: 'nfs', o: 'addr=h,rw' },
        labels: { a: 'b', c: '' },
      },
    ],
    ['type=tmpfs,dst=/b', { type: 'tmpfs' }],
    ['type=tmpfs,dst=/b,tmpfs-size=64m,tmpfs-mode=1770', { type: 'tmpfs', size: 64 << 20, mode: 0o1770 }],
    [
      'type=image,src=busybox:1,dst=/b,image-subpath=bin',
      { type: 'image', image: 'busybox:1', subpath: 'bin' },
    ],
  ])('reads %s', async (text, expected) => {
    expect(await mount(text)).toEqual({ target: '/b', asked: 'mount', ...expected });
  });

  it.each([
    ['foo,dst=/b', "invalid field 'foo' must be a key=value pair"],
    ['type=bind,src=/a,dst=/b,bogus=1', "unexpected key 'bogus' in 'bogus=1'"],
    ['type=bind,src=/a,dst=/b,toString=1', "unexpected key 'tostring' in 'toString=1'"],
    ['type=bind,src=/a', 'target is required'],
    ['type=,dst=/b', 'type is required'],
    ['type=foo,dst=/b', 'mount type unknown: foo'],
    ['type=bind,dst=/b', 'field Source must not be empty'],
    ['type=image,dst=/b', 'field Source must not be empty'],
    ['type=tmpfs,src=/a,dst=/b', 'field Source must not be specified'],
    ['type=bind,src=/a,dst=/b,ro=maybe', 'invalid value for ro: maybe'],
    ['type=bind,src=/a,dst=/b,bind-propagation=foo', 'invalid propagation mode: foo'],
    ['type=bind,src=/a,dst=/b,bind-recursive=foo', 'invalid value for bind-recursive: foo'],
    ['type=bind,src=/a,dst=/b,consistency=foo', 'invalid value for consistency: foo'],
    ['type=bind,src=/a,dst=/b,volume-nocopy', "cannot mix 'volume-*' options with mount type 'bind'"],
    ['type=bind,src=/a,dst=/b,tmpfs-size=1m', "cannot mix 'tmpfs-*' options with mount type 'bind'"],
    ['type=volume,dst=/b,bind-propagation=rprivate', "cannot mix 'bind-*' options with mount type 'volume'"],
    ['type=volume,dst=/b,image-subpath=x', "cannot mix 'image-*' options with mount type 'volume'"],
    ['type=tmpfs,dst=/b,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
    ['type=tmpfs,dst=/b,tmpfs-mode=17777', 'invalid value for tmpfs-mode: 17777'],
    ['type=tmpfs,dst=/b,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
    ['type=bind,src=/a,dst=/b,bind-recursive=writable', "'bind-recursive=writable' requires 'readonly'"],
    ['type=bind,src=/a,dst=/b,ro,bind-recursive=readonly', "requires 'bind-propagation=rprivate'"],
    ['type="bind",dst=/b', 'a quote is out of place'],
  ])('refuses %s', async (text, message) => {
    await expect(mount(text)).rejects.toThrow(message);
  });
});

describe('--volumes-from', () => {
  it('names containers, and what is to be different', async () => {
    const { volumesFrom, mounts } = await optionsOf('--volumes-from', 'web', '--volumes-from', 'db:ro,z');
    expect(volumesFrom).toEqual([
      { container: 'web' },
      { container: 'db', readOnly: true, relabel: 'shared' },
    ]);
    expect(mounts).toEqual([]);
  });

  it.each([
    [':ro', 'invalid container to take mounts from: ":ro"'],
    ['web:ro:x', 'invalid container to take mounts from'],
    ['web:zz', 'invalid mode: zz'],
    ['web:nocopy', 'invalid mode: nocopy'],
    ['web:rshared', 'invalid mode: rshared'],
  ])('refuses %s', async (text, message) => {
    await expect(optionsOf('--volumes-from', text)).rejects.toThrow(message);
  });
});

describe('a container without mounts', () => {
  it('says nothing of them', async () => {
    const options = await optionsOf();
    expect([options.mounts, options.volumesFrom]).toEqual([undefined, undefined]);
  });
});
