import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { OwnerMaps } from '../../src/engine/store/containers.ts';
import { insertContainer } from '../../src/engine/store/containers.ts';
import type { Context } from '../../src/engine/store/context.ts';
import { MIGRATIONS } from '../../src/engine/store/migrations.ts';
import { volumeByName } from '../../src/engine/store/volumes.ts';
import { createVolume } from '../../src/engine/volumes/create.ts';
import { ensureVolumes } from '../../src/engine/volumes/ensure.ts';
import { resolveVolume, type WantedVolume } from '../../src/engine/volumes/resolve.ts';
import { Database } from '../../src/host/database.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { HELPER } from '../helpers/layers.ts';
import { describeTree } from '../helpers/tree.ts';
import { containerRow, ID, useContext } from '../unit/engine/fixtures.ts';

const room = useContext(HELPER);

/** Two layers; what is made in them is an image's. */
const LAYERS = [digestOf('lower'), digestOf('upper')] as const satisfies readonly Digest[];
const layer = (index: 0 | 1) => join(room.context.paths.layers, hexOf(LAYERS[index]));
beforeEach(() => {
  for (const index of [0, 1] as const) mkdirSync(layer(index), { recursive: true });
});

function file(path: string, text = '', owner: readonly [number, number] = [0, 0]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chownSync(path, ...owner);
}

const resolved = (wanted: WantedVolume) => resolveVolume(room.context, wanted);
const ensure = async (wanted: WantedVolume, idMaps?: OwnerMaps, context: Context = room.context) =>
  ensureVolumes(context, [await resolved(wanted)], {
    layers: LAYERS,
    idMaps,
    owner: idMaps?.idMapped === false ? { uid: 100_000, gid: 100_000 } : undefined,
  });
const directory = (name: string) => join(room.context.paths.volumes, name);
const data = { name: 'data', target: '/srv/data' };

describe('a new volume', () => {
  it('has what the image has at its target: owners, modes, times, links, holes and attributes', async () => {
    const [lower, upper] = [join(layer(0), 'srv/data'), join(layer(1), 'srv/data')];
    file(join(lower, 'a'), 'lower');
    file(join(lower, 'gone'));
    file(join(lower, 'deep/er/b'), 'b', [7, 8]);
    linkSync(join(lower, 'deep/er/b'), join(lower, 'other-name'));
    symlinkSync('/etc/passwd', join(lower, 'link'));
    lutimesSync(join(lower, 'link'), 1, 2);
    execFileSync('truncate', ['-s', '50M', join(lower, 'holes')]);
    execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', join(lower, 'a')]);
    execFileSync('setcap', ['cap_net_raw+ep', join(lower, 'holes')]);
    execFileSync('mkfifo', ['-m', '711', join(lower, 'fifo')]);
    file(join(upper, 'c'), 'upper', [1234, 5678]);
    execFileSync('mknod', [join(upper, 'gone'), 'c', '0', '0']);
    for (const path of ['srv/data/a', 'srv/data/deep/er', 'srv/data/deep', 'srv/data'])
      utimesSync(join(layer(0), path), 3, 4.5);
    chownSync(upper, 33, 44);
    execFileSync('chmod', ['1770', upper]);
    utimesSync(upper, 5, 6.25);
    await ensure(data);
    const seen = (root: string) => describeTree(root).filter((line) => !/^(\.|c|gone) /.test(line));
    expect(seen(directory('data'))).toEqual(seen(lower));
    expect(readFileSync(join(directory('data'), 'c'), 'utf8')).toBe('upper');
    expect(readdirSync(directory('data'))).not.toContain('gone');
    expect(statSync(directory('data'))).toMatchObject({ uid: 33, gid: 44, mode: 0o41770, mtimeMs: 6250 });
    expect(statSync(join(directory('data'), 'holes')).blocks).toBe(0);
    expect(readdirSync(room.context.paths.tmp)).toEqual([]);
    expect(readdirSync(room.context.paths.locks)).toEqual([]);
  });

  it('looks like the directory of the image, also when that is empty', async () => {
    mkdirSync(join(layer(0), 'srv/data'), { recursive: true });
    chownSync(join(layer(0), 'srv/data'), 33, 44);
    await ensure(data);
    expect(statSync(directory('data'))).toMatchObject({ uid: 33, gid: 44 });
  });

  it('follows links of the image within the image', async () => {
    file(join(layer(0), 'real/data/inside'));
    mkdirSync(join(layer(0), 'etc'));
    symlinkSync('/../../real', join(layer(1), 'srv'));
    await ensure(data);
    expect(readdirSync(directory('data'))).toEqual(['inside']);
    symlinkSync('/etc', join(layer(1), 'host'));
    await ensure({ name: 'host', target: '/host' });
    expect(readdirSync(directory('host'))).toEqual([]);
  });

  it.each([
    ['nothing', () => {}],
    ['a file', () => file(join(layer(0), 'srv/data'), 'text')],
    ['something below a file', () => file(join(layer(0), 'srv'), 'text')],
  ])('is an empty directory of root where the image has %s', async (_, make) => {
    make();
    await ensure(data);
    expect(readdirSync(directory('data'))).toEqual([]);
    expect(statSync(directory('data'))).toMatchObject({ uid: 0, gid: 0, mode: 0o40755 });
  });

  it('is empty with nocopy', async () => {
    file(join(layer(0), 'srv/data/a'));
    await ensure({ ...data, noCopy: true });
    expect(readdirSync(directory('data'))).toEqual([]);
  });

  it('is not there when it could not be filled', async () => {
    file(join(layer(0), 'srv/data/a'));
    const broken = Object.create(room.context, { helper: { value: '/bin/false' } });
    await expect(ensure(data, undefined, broken)).rejects.toThrow();
    expect(volumeByName(room.context.database, 'data')).toBeUndefined();
    expect(existsSync(directory('data'))).toBe(false);
  });

  it('that two containers want at once is made once', async () => {
    for (let index = 0; index < 200; index += 1) file(join(layer(0), `srv/data/${index}`));
    const database = Database.open(room.context.paths.database, MIGRATIONS);
    onTestFinished(() => database.close());
    const other = Object.create(room.context, { database: { value: database } });
    await Promise.all([room.context, other].map((context) => ensure(data, undefined, context)));
    expect(readdirSync(directory('data'))).toHaveLength(200);
    const events = readFileSync(room.context.paths.events, 'utf8');
    expect(events.match(/"create"/g)).toHaveLength(1);
  });

  const MAPS = {
    uids: [{ inside: 0, outside: 100_000, count: 65_536 }],
    gids: [{ inside: 0, outside: 200_000, count: 65_536 }],
  };
  it.each([
    [true, [33, 44], [0, 0]],
    [false, [100_033, 200_044], [100_000, 100_000]],
  ])(
    'of a user namespace, which the kernel can show: %s, has owners %j on disk',
    async (idMapped, image, own) => {
      file(join(layer(0), 'srv/data/a'), '', [33, 44]);
      await ensure(data, { ...MAPS, idMapped });
      await ensure({ name: 'empty', target: '/none' }, { ...MAPS, idMapped });
      const owners = (path: string) => [statSync(path).uid, statSync(path).gid];
      expect(owners(join(directory('data'), 'a'))).toEqual(image);
      expect(owners(directory('empty'))).toEqual(own);
    },
  );
});

describe('a volume that is there', () => {
  beforeEach(() => file(join(layer(0), 'srv/data/a'), 'image'));

  it('is filled while it is empty, and not any more', async () => {
    await createVolume(room.context, { name: 'data' });
    await ensure(data);
    expect(readdirSync(directory('data'))).toEqual(['a']);
    writeFileSync(join(directory('data'), 'a'), 'mine');
    await ensure({ ...data, target: '/srv' });
    expect(readFileSync(join(directory('data'), 'a'), 'utf8')).toBe('mine');
    expect(readdirSync(directory('data'))).toEqual(['a']);
  });

  it('stays the same directory for a container that is up', async () => {
    await createVolume(room.context, { name: 'data' });
    chownSync(join(layer(0), 'srv/data'), 33, 44);
    const self = readFileSync('/proc/self/stat', 'utf8').split(' ')[21];
    insertContainer(
      room.context.database,
      containerRow({ id: ID, starter: `${process.pid} ${self}` }),
      () => false,
    );
    const { use } = await ensure({ ...data, noCopy: true });
    use(ID);
    const { ino } = statSync(directory('data'));
    await ensure(data);
    expect(statSync(directory('data'))).toMatchObject({ ino, uid: 33, gid: 44 });
    expect(readdirSync(directory('data'))).toEqual(['a']);
  });

  it('gets a directory again when somebody has deleted it', async () => {
    await createVolume(room.context, { name: 'data' });
    execFileSync('rmdir', [directory('data')]);
    await ensure(data);
    expect(readdirSync(directory('data'))).toEqual(['a']);
  });

  it('that is a directory of the host is filled there while it is empty', async () => {
    const device = join(room.directory, 'device');
    mkdirSync(device);
    const driverOptions = { type: 'none', device, o: 'bind,ro' };
    expect(await resolved({ ...data, driverOptions })).toMatchObject({ source: device, flags: ['ro'] });
    await ensure({ ...data, driverOptions });
    expect(readdirSync(device)).toEqual(['a']);
    expect(readdirSync(directory('data'))).toEqual([]);
  });
});

describe('anonymous volumes', () => {
  it('that were made for a container which there will not be are gone again, the others stay', async () => {
    const anonymous = await resolved({ target: '/anonymous' });
    const made = await ensureVolumes(room.context, [anonymous, await resolved(data)], {
      layers: [],
      idMaps: undefined,
    });
    expect(readdirSync(room.context.paths.volumes)).toHaveLength(2);
    made.discard();
    expect(readdirSync(room.context.paths.volumes)).toEqual(['data']);
  });
});
