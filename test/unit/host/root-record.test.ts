import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StorePaths, storePaths } from '../../../src/host/paths.ts';
import { makeRuntimeRoot, readRootRecord } from '../../../src/host/root-record.ts';

let directory: string;
let paths: StorePaths;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
  const run = join(directory, 'run');
  paths = { ...storePaths(directory), run, rootRecord: join(run, 'root') };
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a runtime root', () => {
  it('is made with the record of whose it is, and nothing beside it', () => {
    makeRuntimeRoot(paths, 0o710);
    expect(readRootRecord(paths.rootRecord)).toEqual({
      root: directory,
      device: String(statSync(directory).dev),
    });
    expect(readdirSync(directory)).toEqual(['run']);
    expect(statSync(paths.run).mode & 0o777).toBe(0o710);
  });

  it('that is there stays as it is', () => {
    makeRuntimeRoot(paths, 0o710);
    writeFileSync(paths.rootRecord, 'kept');
    makeRuntimeRoot(paths, 0o710);
    expect(readdirSync(paths.run)).toEqual(['root']);
    expect(readRootRecord(paths.rootRecord)).toBeUndefined();
  });

  it.each(['', 'null', '[]', '{"root":1,"device":"1"}', '{"root":"/x"}'])('has no record in %j', (text) => {
    expect(readRootRecord('/file', () => text)).toBeUndefined();
  });
});
