import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LayerNotes } from '../../../../src/storage/layer/notes.ts';

let lowers: string[];
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-notes-'));
  lowers = [join(root, 'upper'), join(root, 'lower')];
  for (const lower of lowers) mkdirSync(lower);
  mkdirSync(join(root, 'lower/dir/sub'), { recursive: true });
  writeFileSync(join(root, 'upper/file'), '');
  symlinkSync('dir', join(root, 'upper/link'));
  mkdirSync(join(root, 'outside/sub'), { recursive: true });
  symlinkSync(join(root, 'outside'), join(root, 'upper/host'));
  mkdirSync(join(root, 'lower/file'));
  mkdirSync(join(root, 'lower/file/sub'));
});
afterAll(() => rmSync(join(lowers[0] ?? '', '..'), { recursive: true }));

function notes(...fields: string[]): LayerNotes {
  const made = new LayerNotes();
  const bytes = Buffer.from(fields.map((field) => `${field}\0`).join(''), 'latin1');
  for (const byte of bytes) made.push(Buffer.of(byte));
  return made;
}

describe('a layer is applied again with those below in view', () => {
  it.each([
    ['when they have a directory that it implies', ['implied', 'dir']],
    ['when they have a symlink there', ['implied', 'link']],
    ['when a hard link leads to none of its own entries', ['missing', 'l']],
    ['when its root is opaque', ['opaque', '']],
    ['when a whiteout lies in a directory that it makes opaque', ['opaque', 'dir', 'whiteout', 'dir/sub']],
    ['when a whiteout lies in a directory of its own', ['whiteout', 'new']],
    ['when a whiteout lies where they have a file', ['whiteout', 'file']],
    ['when a whiteout lies below a symlink of theirs to such a directory', ['whiteout', 'host/sub']],
    ['when a whiteout lies where a file hides the directory of a lower one', ['whiteout', 'file/sub']],
  ])('%s', (_, fields) => {
    expect(notes(...fields).needLowers(lowers)).toBe(true);
    expect(notes(...fields).needLowers([])).toBe(false);
  });

  it.each([
    ['when they have nothing that it implies', ['implied', 'new/x']],
    ['when only the host has what it implies, where a symlink of theirs leads', ['implied', 'host/sub']],
    ['when a file hides what a lower one has there', ['implied', 'file/sub']],
    [
      'when a whiteout lies in a directory of theirs',
      ['opaque', 'other', 'whiteout', 'dir/sub', 'whiteout', ''],
    ],
    ['when there is nothing to note', []],
  ])('but not %s', (_, fields) => {
    expect(notes(...fields).needLowers(lowers)).toBe(false);
  });

  it('when there are more notes than are kept', () => {
    const many = Array.from({ length: 10_001 }, (_, index) => ['implied', `new${index}`]).flat();
    const made = new LayerNotes();
    made.push(Buffer.from(many.map((field) => `${field}\0`).join('')));
    expect(made.needLowers(lowers)).toBe(true);
  });
});

it('the notes are complete at the checkpoint', async () => {
  const made = notes('missing', 'first', 'missing', 'second', 'checkpoint', '');
  await made.complete;
  expect(made.missingTarget).toBe('first');
});
