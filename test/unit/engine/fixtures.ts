import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type afterAll, afterEach, type beforeAll, beforeEach } from 'vitest';
import type { ContainerId, ContainerRow } from '../../../src/engine/store/containers.ts';
import { Context } from '../../../src/engine/store/context.ts';
import { MIGRATIONS } from '../../../src/engine/store/migrations.ts';
import { bootId } from '../../../src/host/boot-id.ts';
import { Database } from '../../../src/host/database.ts';
import { formatIdentity, ownIdentity } from '../../../src/host/process.ts';
import { digestOf } from '../../../src/oci/digest.ts';

export const ID = 'c'.repeat(64) as ContainerId;

/**
 * An engine's context over a temporary store, anew for each test, or once for all where they leave it as it is. It needs no root rights: its runtime root lies in the
 * store, and there is no helper unless its path is given.
 */
export function useContext(
  helper = 'no helper',
  [before, after]: readonly [typeof beforeAll, typeof afterAll] = [beforeEach, afterEach],
): { readonly directory: string; readonly context: Context } {
  let directory = '';
  let context: Context;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
    const opened = new Context({ root: directory, self: [] });
    const run = join(directory, 'run');
    context = Object.create(opened, {
      paths: {
        value: Object.fromEntries(
          Object.entries(opened.paths).map(([name, path]) => [name, path?.replace(opened.paths.run, run)]),
        ),
      },
      database: { value: Database.open(opened.paths.database, MIGRATIONS) },
      helper: { value: helper },
    });
  });
  after(() => {
    context.database.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    get directory() {
      return directory;
    },
    get context() {
      return context;
    },
  };
}

/** A container that some command has started. */
export function containerRow(changes: Partial<ContainerRow> = {}): ContainerRow {
  return {
    id: ID,
    name: 'name',
    imageId: digestOf(''),
    imageName: 'image',
    step: undefined,
    layers: [],
    argv: ['true'],
    options: {
      image: 'image',
      process: { command: [], env: [], stdin: false },
      namespaces: { network: 'none' },
      security: {},
      devices: {},
      files: { readOnly: false },
      stop: {},
      resources: {},
      autoRemove: false,
    },
    idMaps: undefined,
    autoRemove: false,
    createdAt: 0,
    starter: undefined,
    started: true,
    boot: bootId(),
    wanted: 'running',
    error: undefined,
    ended: undefined,
    imageConfig: undefined,
    ...changes,
  };
}

/** This process as rows and records name it. */
export function thisProcess(): string {
  return formatIdentity(ownIdentity());
}
