import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { editInPlace, overwriteInPlace } from '../../../src/host/edit-in-place.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-in-place-'));
  file = join(directory, 'hosts');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('a file that is edited in place', () => {
  it.each([
    ['longer', 'one\n', 'one\ntwo\n'],
    ['shorter', 'one\ntwo\nthree\n', 'one\nthree\n'],
    ['empty', 'one\n', ''],
    ['something', '', 'one\n'],
    ['what it is', 'one\n', 'one\n'],
  ])('becomes %s and stays the same file', (_what, before, after) => {
    writeFileSync(file, before);
    const { ino } = statSync(file);
    expect(
      editInPlace(file, (text) => {
        expect(text).toBe(before);
        return after;
      }),
    ).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(after);
    expect(statSync(file).ino).toBe(ino);
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0x0a, 0x00, 0xe9, 0x0a]);
    writeFileSync(file, bytes);
    editInPlace(file, (text) => `${text}more\n`);
    expect(readFileSync(file)).toEqual(Buffer.concat([bytes, Buffer.from('more\n')]));
  });

  it('is left as it is when it is longer than 1 MB', () => {
    writeFileSync(file, 'one\n');
    truncateSync(file, (1 << 20) + 1);
    expect(editInPlace(file, () => 'two\n')).toBe(false);
    expect(statSync(file).size).toBe((1 << 20) + 1);
    truncateSync(file, 1 << 20);
    expect(editInPlace(file, () => 'two\n')).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('two\n');
  });

  it('is not what a link leads to, nor anything but a file', () => {
    const target = join(directory, 'target');
    writeFileSync(target, 'one\n');
    symlinkSync(target, file);
    mkdirSync(join(directory, 'sub'));
    for (const path of [file, join(directory, 'sub'), '/dev/null']) {
      expect(() => editInPlace(path, () => 'two\n')).toThrow(expect.objectContaining({ kind: 'denied' }));
      expect(() => overwriteInPlace(path, 'two\n')).toThrow(expect.objectContaining({ kind: 'denied' }));
    }
    expect(readFileSync(target, 'utf8')).toBe('one\n');
  });

  it('is left as it is, without waiting, while somebody has a lease on it', async () => {
    writeFileSync(file, 'one\n');
    // fcntl(2): 1024 is F_SETLEASE, 1 is F_WRLCK; who opens the file otherwise waits for 45 s.
    const lease =
      '$SIG{IO} = "IGNORE"; $| = 1; open(F, "+<", $ARGV[0]); fcntl(F, 1024, 1) && print "held"; <STDIN>';
    const holder = spawn('perl', ['-e', lease, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [said] = await once(holder.stdout, 'data');
      expect(String(said)).toBe('held');
      expect(editInPlace(file, () => 'two\n')).toBe(false);
      expect(overwriteInPlace(file, 'two\n')).toBe(false);
    } finally {
      const ended = once(holder, 'close');
      holder.stdin.end();
      await ended;
    }
    expect(readFileSync(file, 'utf8')).toBe('one\n');
    expect(editInPlace(file, () => 'two\n')).toBe(true);
  });

  it('gets another text whatever its length', () => {
    for (const size of [0, 100, 2 << 20]) {
      writeFileSync(file, '');
      truncateSync(file, size);
      const { ino } = statSync(file);
      overwriteInPlace(file, 'nameserver 127.0.0.11\n');
      expect(readFileSync(file, 'utf8')).toBe('nameserver 127.0.0.11\n');
      expect(statSync(file).ino).toBe(ino);
    }
  });
});
