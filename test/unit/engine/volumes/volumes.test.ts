import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transactionAfterSweep } from '../../../../src/engine/state/departures.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import { useVolumes } from '../../../../src/engine/store/volumes.ts';
import { createVolume } from '../../../../src/engine/volumes/create.ts';
import { listVolumes, volumeInfo } from '../../../../src/engine/volumes/list.ts';
import { renameVolumeTo } from '../../../../src/engine/volumes/rename.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext('/bin/true');

const names = (filters = {}) => listVolumes(room.context, filters).map(({ name }) => name);
const events = () =>
  readFileSync(room.context.paths.events, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ Action, Actor }) => `${Action} ${Actor.ID}`);

function use(name: string): void {
  insertContainer(room.context.database, containerRow({ autoRemove: true, started: false }), () => false);
  useVolumes(room.context.database, ID, [name]);
}

describe('making a volume', () => {
  it('makes a directory that everybody inside a container may look into', async () => {
    expect(await createVolume(room.context, { name: 'data', labels: { a: 'b' } })).toBe('data');
    const info = volumeInfo(room.context, 'data');
    expect(info).toMatchObject({ name: 'data', labels: { a: 'b' }, anonymous: false, users: [] });
    expect(statSync(info.mountPoint).mode & 0o7777).toBe(0o755);
    expect(statSync(room.context.paths.volumes).mode & 0o7777).toBe(0o710);
    expect(readdirSync(room.context.paths.tmp)).toEqual([]);
  });

  it('makes up a name, and marks it as Docker does', async () => {
    const name = await createVolume(room.context, {});
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect(volumeInfo(room.context, name)).toMatchObject({
      anonymous: true,
      labels: { 'com.docker.volume.anonymous': '' },
    });
  });

  it('is fine when it is there, and refused when it is to be another one', async () => {
    const asked = { name: 'data', labels: { a: 'b' }, options: { type: 'tmpfs', device: 'tmpfs' } };
    await createVolume(room.context, asked);
    expect(await createVolume(room.context, asked)).toBe('data');
    expect(await createVolume(room.context, { name: 'data' })).toBe('data');
    expect(events()).toEqual(['create data']);
    for (const other of [{ labels: { a: 'c' } }, { options: {} }, { options: { ...asked.options, o: 'ro' } }])
      await expect(createVolume(room.context, { name: 'data', ...other })).rejects.toMatchObject({
        kind: 'conflict',
      });
  });

  it('takes nothing over from a directory that no row names', async () => {
    mkdirSync(join(room.context.paths.volumes, 'data'), { recursive: true });
    writeFileSync(join(room.context.paths.volumes, 'data', 'half'), '');
    await createVolume(room.context, { name: 'data' });
    expect(readdirSync(join(room.context.paths.volumes, 'data'))).toEqual([]);
  });

  it('refuses another driver', async () => {
    await expect(createVolume(room.context, { name: 'data', driver: 'foo' })).rejects.toMatchObject({
      kind: 'unsupported',
    });
    expect(names()).toEqual([]);
  });
});

describe('a list of volumes', () => {
  it('has those that fit all filters', async () => {
    await createVolume(room.context, { name: 'data', labels: { app: 'web' } });
    await createVolume(room.context, { name: 'logs', labels: { app: 'web', tier: '1' } });
    await createVolume(room.context, { name: 'old' });
    use('logs');
    expect(names()).toEqual(['data', 'logs', 'old']);
    expect(names({ name: ['a', 'g'] })).toEqual(['data', 'logs']);
    expect(names({ label: ['app=web'] })).toEqual(['data', 'logs']);
    expect(names({ label: ['app=web', 'tier'] })).toEqual(['logs']);
    expect(names({ driver: ['foo'] })).toEqual([]);
    expect(names({ dangling: true })).toEqual(['data', 'old']);
    expect(names({ dangling: false, label: ['app'] })).toEqual(['logs']);
  });

  it('has no anonymous volume of a --rm container that is gone', async () => {
    const name = await createVolume(room.context, {});
    use(name);
    mkdirSync(room.context.paths.gone, { recursive: true });
    writeFileSync(join(room.context.paths.gone, ID), '');
    expect(names()).toEqual([]);
    expect(readdirSync(room.context.paths.volumes)).toEqual([]);
    expect(events()).toEqual([`create ${name}`, `destroy ${name}`]);
  });

  it('still has it when the transaction that swept it was rolled back', async () => {
    const name = await createVolume(room.context, {});
    use(name);
    mkdirSync(room.context.paths.gone, { recursive: true });
    writeFileSync(join(room.context.paths.gone, ID), '');
    const fail = () =>
      transactionAfterSweep(room.context, () => {
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect(events()).toEqual([`create ${name}`]);
    rmSync(join(room.context.paths.gone, ID));
    expect(names()).toEqual([name]);
  });
});

describe('renaming a volume', () => {
  it('moves its directory', async () => {
    await createVolume(room.context, { name: 'data' });
    await renameVolumeTo(room.context, 'data', 'archive');
    expect(names()).toEqual(['archive']);
    expect(readdirSync(room.context.paths.volumes)).toEqual(['archive']);
  });

  it('is refused while a container that uses it is being started', async () => {
    await createVolume(room.context, { name: 'data' });
    use('data');
    const started = "UPDATE container SET starter = ?, started = 1 WHERE name = 'name'";
    const [pid, startTime] = [process.pid, readFileSync('/proc/self/stat', 'utf8').split(' ')[21]];
    room.context.database.run(started, `${pid} ${startTime}`);
    await expect(renameVolumeTo(room.context, 'data', 'archive')).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('container name'),
    });
    room.context.database.run(started, null);
  });
});
