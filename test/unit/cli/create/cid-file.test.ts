import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCidFile, requireNoCidFile } from '../../../../src/cli/create/cid-file.ts';
import { environmentFile } from '../../../../src/grammar/environment.ts';
import { readKeyValueFile } from '../../../../src/grammar/key-value-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return path;
}

describe('a file of variables', () => {
  it.each<[string, string, { key: string; value?: string }[]]>([
    [
      'takes values as they are',
      'A=1\nB= two \n',
      [
        { key: 'A', value: '1' },
        { key: 'B', value: ' two ' },
      ],
    ],
    [
      'keeps quotes',
      `A="x"\nB='y'`,
      [
        { key: 'A', value: '"x"' },
        { key: 'B', value: "'y'" },
      ],
    ],
    ['ends a name at the first =', 'A=b=c', [{ key: 'A', value: 'b=c' }]],
    ['may have names alone and empty values', 'A\nB=', [{ key: 'A' }, { key: 'B', value: '' }]],
    ['skips comments and empty lines', '# one\n\n   # two\n \t\nA=#3', [{ key: 'A', value: '#3' }]],
    ['does not count blanks before a line', ' \t A=1', [{ key: 'A', value: '1' }]],
    [
      'may come from Windows',
      '\u{feff}A=1\r\nB=2\r\n',
      [
        { key: 'A', value: '1' },
        { key: 'B', value: '2' },
      ],
    ],
    ['may be empty', '', []],
  ])('%s', (_, content, expected) => {
    expect(readKeyValueFile(file(content), 'env file')).toEqual(expected);
  });

  it.each([
    ['A=1\n=2', 'line 2: "=2" has no name'],
    ['A=1\n\nB C=2', 'line 3: the name "B C" has blanks in it'],
    ['A =2', 'line 1: the name "A " has blanks in it'],
    ['A=\0', 'line 1: there is a NUL byte'],
    [Uint8Array.of(0x41, 0x3d, 0xff), 'is not UTF-8 text'],
  ])('%j is refused with the place of the mistake', (content, message) => {
    const path = file(content);
    expect(() => readKeyValueFile(path, 'env file')).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message), subject: path }),
    );
  });

  it('gives names alone the value they have here, if any', () => {
    expect(environmentFile({ HERE: 'here' })(file('HERE\nNOT_HERE\nA=1'), ['Z=0'])).toEqual([
      'Z=0',
      'HERE=here',
      'A=1',
    ]);
  });
});

describe('a container id file', () => {
  it('holds the id alone', () => {
    const path = join(directory, 'cid');
    makeCidFile(path).write('0123');
    expect(readFileSync(path, 'utf8')).toBe('0123');
    expect(() => makeCidFile(path)).toThrow(expect.objectContaining({ kind: 'conflict', subject: path }));
    const look = () => requireNoCidFile(path);
    expect(look).toThrow(expect.objectContaining({ kind: 'conflict', subject: path }));
  });

  it('is gone when there was no container', () => {
    const path = join(directory, 'none');
    makeCidFile(path).discard();
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });

  it('is refused where there is no directory', () => {
    expect(() => makeCidFile(join(directory, 'no', 'cid'))).toThrow(
      expect.objectContaining({ kind: 'unavailable', message: expect.stringContaining('no such directory') }),
    );
  });
});
