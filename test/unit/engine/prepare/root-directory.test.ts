import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkedDirectory, noImage } from '../../../../src/engine/prepare/root-directory.ts';
import { parseImageConfig } from '../../../../src/oci/image-config.ts';
import { useContext } from '../fixtures.ts';

const room = useContext(undefined, [beforeAll, afterAll]);
const outside = realpathSync(mkdtempSync(join(tmpdir(), 'skiff-tree-')));
afterAll(() => rmSync(outside, { recursive: true }));

const check = (directory: string, overlay?: boolean) =>
  checkedDirectory(room.context, { directory, overlay });

describe('a directory that is to be a root file system', () => {
  it('is kept without the links on its way', () => {
    mkdirSync(join(outside, 'tree'));
    symlinkSync('tree', join(outside, 'link'));
    expect(check(join(outside, 'link'))).toEqual({ directory: join(outside, 'tree') });
    expect(check(join(outside, 'link'), true)).toEqual({ directory: join(outside, 'tree'), overlay: true });
  });

  it('is there, and a directory', () => {
    writeFileSync(join(outside, 'file'), '');
    expect(() => check(join(outside, 'gone'))).toThrow(`no such directory: ${join(outside, 'gone')}`);
    symlinkSync('loop', join(outside, 'loop'));
    expect(() => check(join(outside, 'file', 'below'))).toThrow('no such directory');
    expect(() => check(join(outside, 'loop'))).toThrow(
      `${join(outside, 'loop')} leads to no directory: ELOOP`,
    );
    expect(() => check(join(outside, 'file'))).toThrow(`${join(outside, 'file')} is not a directory`);
  });

  it("is neither among skiff's own files nor above them", () => {
    const { directory } = room;
    mkdirSync(join(directory, 'containers'), { recursive: true });
    symlinkSync(directory, join(outside, 'store'));
    for (const own of [directory, join(directory, 'containers'), join(outside, 'store')])
      expect(() => check(own)).toThrow(`${own} is part of skiff's own files`);
    for (const above of ['/', '/proc/self/root', tmpdir()])
      expect(() => check(above)).toThrow(`${above} cannot be a root file system: skiff's files are in it`);
    mkdirSync(`${directory}x`);
    expect(check(`${directory}x`)).toEqual({ directory: realpathSync(`${directory}x`) });
    rmSync(`${directory}x`, { recursive: true });
  });
});

it('in the place of an image there is one that says nothing', () => {
  const { id, layers, config } = noImage();
  expect({ id, layers }).toEqual({ id: '', layers: [] });
  expect(parseImageConfig(Buffer.from(config)).config).toEqual({});
});
