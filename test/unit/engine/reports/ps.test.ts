import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listContainers } from '../../../../src/engine/reports/ps.ts';
import { type ContainerId, insertContainer } from '../../../../src/engine/store/containers.ts';
import { saveImage } from '../../../../src/engine/store/images.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();

const BASE = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  config: { Labels: { of: 'image', kept: 'yes' }, ExposedPorts: { '80/tcp': {}, '53/udp': {} } },
  rootfs: { type: 'layers', diff_ids: [digestOf('layer')] },
});
const CHILD = BASE.replace('image', 'child');

function image(config: string, name: string, layers: string[]) {
  const { database } = room.context;
  const id = digestOf(config);
  const digest = digestOf(`${name} ${config}`);
  database.transaction(() =>
    saveImage(
      database,
      { id, config, layers: layers.map(digestOf), size: 1, createdAt: 1 },
      { digest, imageId: id, mediaType: 'x', body: '{}', indexDigest: undefined },
      [`docker.io/library/${name}:latest`],
    ),
  );
  return { imageId: id, imageName: name, layers: layers.map(digestOf) };
}

/** Three that have ended, one that was only created, newest last. */
function fill(): void {
  const base = image(BASE, 'base', ['layer']);
  const child = image(CHILD, 'child', ['layer', 'more']);
  const plain = containerRow().options;
  const add = (letter: string, name: string, changes: Parameters<typeof containerRow>[0]) => {
    const id = letter.repeat(64) as ContainerId;
    mkdirSync(join(room.context.paths.containers, id), { recursive: true });
    const row = containerRow({
      id,
      name,
      createdAt: letter.charCodeAt(0),
      started: false,
      ...base,
      ...changes,
    });
    insertContainer(room.context.database, row, () => false);
    if (row.ended !== undefined)
      room.context.database.run(
        'UPDATE container SET ended = ?, starter = NULL WHERE id = ?',
        JSON.stringify(row.ended),
        id,
      );
  };
  const ended = (code: number) => ({ started: true, ended: { code, oom: false, started: 5, finished: 9 } });
  add('a', 'web-1', {
    ...ended(0),
    options: {
      ...plain,
      labels: { app: 'web', of: 'container' },
      mounts: [{ type: 'volume', name: 'data', target: '/srv' }],
    },
  });
  add('b', 'web-2', { ...ended(3), options: { ...plain, labels: { app: 'web', tier: '1' } } });
  add('c', 'db', {
    ...ended(137),
    ...child,
    options: {
      ...plain,
      namespaces: { network: 'host' },
      mounts: [{ type: 'bind', source: '/host', target: '/x' }],
    },
  });
  add('d', 'fresh', {});
}

const filters = (...given: [string, string][]) => {
  const all = new Map<string, string[]>();
  for (const [name, value] of given) all.set(name, [...(all.get(name) ?? []), value]);
  return all;
};
async function names(...given: [string, string][]): Promise<string> {
  const listed = await listContainers(room.context, { all: true, filters: filters(...given) });
  return listed.map(({ row }) => row.name).join(' ');
}

describe('the list of containers', () => {
  it('has what runs, or all, newest first', async () => {
    fill();
    expect(await listContainers(room.context, { all: false })).toEqual([]);
    expect(await names()).toBe('fresh db web-2 web-1');
  });

  it('has the newest so many, whatever they are doing', async () => {
    fill();
    const listed = await listContainers(room.context, { all: false, limit: 2 });
    expect(listed.map(({ row }) => row.name)).toEqual(['fresh', 'db']);
  });

  it('leaves nothing out for filters without values', async () => {
    fill();
    const given = ['name', 'id', 'status', 'network', 'publish', 'expose', 'ancestor', 'label', 'is-task'];
    for (const name of given)
      expect(
        await listContainers(room.context, { all: true, filters: new Map([[name, []]]) }),
        name,
      ).toHaveLength(4);
    expect(await listContainers(room.context, { all: false, filters: new Map([['status', []]]) })).toEqual(
      [],
    );
  });

  it.each<[string, [string, string][]]>([
    ['web-2 web-1', [['name', 'web']]],
    ['web-1', [['name', '^/web-1$']]],
    [
      'db web-1',
      [
        ['name', 'db'],
        ['name', '-1'],
      ],
    ],
    ['db', [['id', '^ccc']]],
    ['', [['id', 'c$']]],
    ['', [['id', '']]],
    ['web-2 web-1', [['name', '(?i)WEB']]],
    ['web-2', [['exited', '+3']]],
    ['web-2 web-1', [['label', 'app']]],
    [
      'web-2',
      [
        ['label', 'app=web'],
        ['label', 'tier'],
      ],
    ],
    ['web-1', [['label', 'of=container']]],
    ['fresh db web-2 web-1', [['label', 'kept=yes']]],
    ['', [['label', 'app=we']]],
    ['web-1', [['exited', '0']]],
    [
      'db web-2',
      [
        ['exited', '3'],
        ['exited', '137'],
      ],
    ],
    ['fresh', [['status', 'created']]],
    ['db web-2 web-1', [['status', 'exited']]],
    [
      'fresh db web-2 web-1',
      [
        ['status', 'exited'],
        ['status', 'created'],
      ],
    ],
    ['', [['status', 'running']]],
    ['web-2 web-1', [['before', 'db']]],
    ['fresh db', [['since', 'web-2']]],
    [
      'db',
      [
        ['since', 'web-2'],
        ['before', 'fresh'],
      ],
    ],
    ['db', [['ancestor', 'child']]],
    ['fresh db web-2 web-1', [['ancestor', 'base:latest']]],
    ['', [['ancestor', 'unknown']]],
    ['db', [['network', 'host']]],
    ['fresh web-2 web-1', [['network', 'none']]],
    ['fresh db web-2 web-1', [['health', 'none']]],
    ['', [['health', 'healthy']]],
    ['', [['is-task', 'true']]],
    ['fresh db web-2 web-1', [['is-task', 'false']]],
    ['', [['volume', 'other']]],
    ['web-1', [['volume', 'data']]],
    ['web-1', [['volume', '/srv']]],
    ['db', [['volume', '/host']]],
    ['', [['publish', '80']]],
    ['fresh db web-2 web-1', [['expose', '80/tcp']]],
    ['fresh db web-2 web-1', [['expose', '50-60/udp']]],
    ['', [['expose', '53']]],
    [
      'web-1',
      [
        ['name', 'web'],
        ['exited', '0'],
      ],
    ],
  ])('is %s with the filters %j', async (expected, given) => {
    fill();
    expect(await names(...given)).toBe(expected);
  });

  it('shows what does not run when a status is asked for', async () => {
    fill();
    const listed = await listContainers(room.context, { all: false, filters: filters(['status', 'exited']) });
    expect(listed).toHaveLength(3);
  });

  it.each<[[string, string], string]>([
    [['nope', 'x'], "invalid filter 'nope'"],
    [['status', 'up'], "invalid filter 'status=up'"],
    [['exited', 'x'], "invalid filter 'exited=x'"],
    [['health', 'x'], "invalid filter 'health=x'"],
    [['is-task', 'x'], "invalid filter 'is-task=x'"],
    [['expose', 'x'], "invalid filter 'expose=x'"],
    [['publish', '99999'], "invalid filter 'publish=99999'"],
    [['before', 'x'], 'no such container: x'],
  ])('refuses the filter %j', async (given, message) => {
    await expect(names(given)).rejects.toThrow(message);
  });

  it('shows the id of an image whose name means another one by now', async () => {
    fill();
    const before = await listContainers(room.context, { all: true, filters: filters(['name', 'db']) });
    expect(before[0]?.image).toBe('child');
    image(BASE.replace('image', 'newer'), 'child', ['layer']);
    const after = await listContainers(room.context, { all: true, filters: filters(['name', 'db']) });
    expect(after[0]?.image).toBe(digestOf(CHILD));
  });
});
