import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerByName } from '../../../../src/engine/store/containers.ts';
import { imageByName } from '../../../../src/engine/store/images.ts';
import { dropUnnamedIndexes, indexOfName } from '../../../../src/engine/store/indexes.ts';
import { MIGRATIONS } from '../../../../src/engine/store/migrations.ts';
import { Database } from '../../../../src/host/database.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

/** The steps before the options of containers were grouped by namespaces, security, devices, files and stop. */
const BEFORE = MIGRATIONS.findIndex((step) => step.includes('isolation'));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What an older skiff kept of a container, read by this one. */
function migrated(isolation: object, columns = '') {
  const file = join(directory, 'state.db');
  const old = Database.open(file, MIGRATIONS.slice(0, BEFORE));
  old.run(
    "INSERT INTO image (id, config, layers, size, created_at) VALUES (?, '{}', '[]', 0, 0)",
    digestOf(''),
  );
  const options = {
    image: 'busybox',
    process: { command: ['true'], env: [], stdin: false },
    isolation,
    resources: { memory: 1 },
    autoRemove: true,
  };
  old.run(
    `INSERT INTO container (id, name, image_id, image_name, layers, argv, options, auto_remove, created_at, started)
     VALUES (?, 'old', ?, 'busybox', '[]', '["true"]', ?, 1, 0, 1)`,
    'c'.repeat(64),
    digestOf(''),
    JSON.stringify(options),
  );
  if (columns !== '') old.run(`UPDATE container SET ${columns}`);
  old.close();
  const database = Database.open(file, MIGRATIONS);
  try {
    return containerByName(database, 'old');
  } finally {
    database.close();
  }
}

describe('a container of an older store', () => {
  it('keeps its host name, its network and its read-only root', () => {
    expect(migrated({ hostname: 'box', network: 'host', readOnly: true })).toMatchObject({
      idMaps: undefined,
      options: {
        image: 'busybox',
        process: { command: ['true'], env: [], stdin: false },
        namespaces: { hostname: 'box', network: 'host' },
        files: { readOnly: true },
        security: {},
        devices: {},
        stop: {},
        resources: { memory: 1 },
        autoRemove: true,
      },
    });
  });

  it('without a host name has none, and nothing is left of the old grouping', () => {
    const options = migrated({ network: 'none', readOnly: false })?.options;
    expect(options?.namespaces).toEqual({ network: 'none' });
    expect(options?.files).toEqual({ readOnly: false });
    expect(options).not.toHaveProperty('isolation');
  });

  it('is wanted to run if it was started and has not ended, as far as that was seen', () => {
    expect(migrated({})).toMatchObject({ wanted: 'running', boot: undefined, imageConfig: undefined });
  });

  it('is not wanted to run when it has ended, and nobody is at work on it any more', () => {
    expect(
      migrated({}, `starter = '1 1', ended = '{"code":0,"oom":false,"started":1,"finished":2}'`),
    ).toMatchObject({
      wanted: 'stopped',
      starter: undefined,
      ended: { code: 0 },
    });
  });

  it('has no snapshots, and can have some, which go with it', () => {
    const file = join(directory, 'state.db');
    migrated({});
    const database = Database.open(file, MIGRATIONS);
    const count = () => database.get('SELECT count(*) AS count FROM snapshot')?.['count'];
    try {
      expect(count()).toBe(0);
      const values = "'name', 1, 'asked', 0, NULL";
      database.run(`INSERT INTO snapshot SELECT id, ${values} FROM container`);
      expect(count()).toBe(1);
      database.run('DELETE FROM container');
      expect(count()).toBe(0);
    } finally {
      database.close();
    }
  });

  it('is no step of a build', () => {
    expect(migrated({})?.step).toBe(undefined);
  });

  it('is not wanted to run when it could not be started', () => {
    expect(migrated({}, `error = '{"message":"no","exitCode":127}'`)?.wanted).toBe('stopped');
  });
});

describe('an image of an older store', () => {
  it('has its names, which lead to no index that is kept', () => {
    const file = join(directory, 'state.db');
    const before = MIGRATIONS.findIndex((step) => step.includes('index_document'));
    const old = Database.open(file, MIGRATIONS.slice(0, before));
    const [id, manifest, index] = ['image', 'manifest', 'index'].map(digestOf);
    const name = 'docker.io/library/app:latest';
    old.run("INSERT INTO image VALUES (?, '{}', '[]', 0, 1)", id ?? '');
    old.run("INSERT INTO manifest VALUES (?, ?, '', '{}', ?)", manifest ?? '', id ?? '', index ?? '');
    old.run('INSERT INTO image_name VALUES (?, ?, 1)', name, manifest ?? '');
    old.close();
    const database = Database.open(file, MIGRATIONS);
    try {
      expect(imageByName(database, name)?.id).toBe(id);
      expect(indexOfName(database, name)).toBeUndefined();
      expect(dropUnnamedIndexes(database)).toEqual([]);
    } finally {
      database.close();
    }
  });
});
