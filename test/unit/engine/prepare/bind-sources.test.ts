import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BindMount } from '../../../../src/engine/options/mounts.ts';
import { checkPropagation, checkSource } from '../../../../src/engine/prepare/bind-sources.ts';
import { sourceRemarks } from '../../../../src/engine/prepare/source-remarks.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-sources-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'file.txt');
writeFileSync(file, '');

const bind = (source: string, changes: Partial<BindMount> = {}): BindMount => ({
  type: 'bind',
  source,
  target: '/x',
  ...changes,
});

describe('a source on the host', () => {
  it('has to be there, unless it is to be made', () => {
    const missing = join(directory, 'missing');
    expect(() => checkSource(bind(missing))).toThrow(`bind source path does not exist: ${missing}`);
    expect(() => checkSource(bind(missing, { createSource: true }))).not.toThrow();
    expect(() => checkSource(bind(file))).not.toThrow();
  });

  it('that leads nowhere, whatever is there, is refused', () => {
    const loop = join(directory, 'loop');
    symlinkSync(loop, loop);
    const none = { kind: 'invalid' };
    expect(() => checkSource(bind(loop))).toThrow(expect.objectContaining(none));
    expect(() => checkSource(bind(join(file, 'below')))).toThrow(`not a directory: ${file}/below`);
    const long = `/${'x'.repeat(300)}`;
    expect(() => checkSource(bind(long, { createSource: true }))).toThrow(`too long for a path: ${long}`);
  });

  it('is a directory under an overlay', () => {
    expect(() => checkSource(bind(file, { overlay: true }))).toThrow(`${file} is not a directory`);
    expect(() => checkSource(bind(directory, { overlay: true }))).not.toThrow();
  });

  it('can be private whatever the host does, also where it is not there yet', () => {
    for (const propagation of ['private', 'rprivate'] as const)
      expect(() => checkPropagation(join(directory, 'not/there'), propagation)).not.toThrow();
  });

  it.each([
    ['config.yml', true],
    ['a.b.JSON', true],
    ['data', false],
    ['.config', false],
    ['release-1.2', false],
    ['conf.d', false],
    ['file.txt', false],
  ])('%s is remarked on when it is made although it is called like a file: %s', (name, expected) => {
    const remarks = sourceRemarks([bind(join(directory, name), { createSource: true })]);
    expect(remarks).toHaveLength(expected ? 1 : 0);
    expect(sourceRemarks([bind(join(directory, name))])).toEqual([]);
  });
});
