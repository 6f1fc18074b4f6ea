import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HELPER } from '../helpers/layers.ts';

/** More than five hundred files that nobody has changed for a while: the kernel's, for programs in C. */
const OLD = '/usr/include/linux';

/** Of the table: eight bytes, then for each file five numbers and a digest. */
const [HEAD, RECORD, NUMBERS] = [8, 72, 40];

let root: string;
const at = (name: string) => join(root, name);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
  mkdirSync(at('new'));
});
beforeEach(() => {
  rmSync(at('table'), { recursive: true, force: true });
  write('first');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes the new file, which is of tomorrow: however long a test takes, it was changed a moment ago. */
function write(content: string): void {
  writeFileSync(at('new/file'), content);
  utimesSync(at('new/file'), Date.now() / 1000, Date.now() / 1000 + 86_400);
}

/** Of the old files and the new one. */
function digest(...words: string[]): string {
  const fields = [OLD.slice(1), 'old', 'all', at('new').slice(1), 'new', 'all'];
  const input = fields.map((field) => `${field}\0`).join('');
  const { status, stdout, output } = spawnSync(HELPER, ['digest', 'dir:/', ...words], {
    input,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  expect([status, String(output[3])]).toEqual([0, '']);
  return String(stdout);
}

const table = () => readFileSync(at('table'));
const known = (...words: string[]) => digest(`known=${at('table')}`, ...words);

/** The numbers of a file in the table, as it is now. */
function numbersOf(path: string): Buffer {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const bytes = Buffer.alloc(NUMBERS);
  for (const [index, number] of [dev, ino, size, mtimeNs, ctimeNs].entries())
    bytes.writeBigUInt64LE(number, index * 8);
  return bytes;
}

/** Puts a file into the table, in its place, as if it had held this. */
function teach(path: string, content: string): void {
  const record = Buffer.concat([numbersOf(path), createHash('sha256').update(content).digest()]);
  const whole = table();
  const records = Array.from({ length: (whole.length - HEAD) / RECORD }, (_, index) =>
    whole.subarray(HEAD + index * RECORD, HEAD + (index + 1) * RECORD),
  );
  const order = (one: Buffer, other: Buffer) => {
    const [a, b] = [one.readBigUInt64LE(0), other.readBigUInt64LE(0)];
    if (a !== b) return a < b ? -1 : 1;
    return one.readBigUInt64LE(8) < other.readBigUInt64LE(8) ? -1 : 1;
  };
  writeFileSync(at('table'), Buffer.concat([whole.subarray(0, HEAD), ...[...records, record].sort(order)]));
}

describe('a table of what files held', () => {
  it('gives the digest of reading them all, whatever is asked of owners and modes', () => {
    const plain = [digest(), digest('owner=7:8', 'mode=u=rw')];
    expect([known(), known('owner=7:8', 'mode=u=rw')]).toEqual(plain);
    expect([known(), known('owner=7:8', 'mode=u=rw')]).toEqual(plain);
  });

  it('has those that were not changed a moment ago, and stays when nothing has changed', () => {
    known();
    expect((table().length - HEAD) / RECORD).toBeGreaterThan(500);
    expect(table().includes(numbersOf(at('new/file')))).toBe(false);
    expect(statSync(at('table')).mode & 0o777).toBe(0o600);
    const { ino } = statSync(at('table'));
    known();
    expect(statSync(at('table')).ino).toBe(ino);
  });

  it('is what a file is told by, until that is written to', () => {
    known();
    write('other');
    const other = digest();
    write('third');
    teach(at('new/file'), 'other');
    expect(known()).toBe(other);
    write('third');
    expect(known()).toBe(digest());
  });

  it('that is none is as good as missing, and is made anew', () => {
    const plain = digest();
    for (const content of [
      '',
      'skfiles1',
      'nonsense',
      `skfiles2${'x'.repeat(RECORD)}`,
      'skfiles1 and a half',
    ]) {
      writeFileSync(at('table'), content);
      expect([content, known()]).toEqual([content, plain]);
      expect(table().length).toBeGreaterThan(500 * RECORD);
    }
  });

  it('that cannot be written is done without', () => {
    expect(digest(`known=${at('new/file')}/table`)).toBe(digest());
  });
});
