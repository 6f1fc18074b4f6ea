import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeOwnDirectory, readOwnFile, writeOwnFile } from '../../../src/host/own-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-own-file-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** Workers are threads, which cannot change the umask that they share: a mode that it would take away stands for all. */
const TAKEN_AWAY = 0o666;

describe('a file of its own', () => {
  it('has the mode that was asked for, whatever the umask takes away', () => {
    const file = join(directory, 'for-all');
    writeOwnFile(file, 'é\n', TAKEN_AWAY);
    expect([mode(file), readFileSync(file, 'utf8')]).toEqual(['666', 'é\n']);
    writeOwnFile(file, Uint8Array.of(1), 0o600);
    expect([mode(file), readFileSync(file)]).toEqual(['600', Buffer.of(1)]);
  });

  it('may be empty', () => {
    writeOwnFile(join(directory, 'empty'), '', 0o600);
    expect(readOwnFile(join(directory, 'empty'))).toBe('');
  });

  it('is read back', () => {
    writeOwnFile(join(directory, 'mine'), 'eth0', 0o644);
    expect(readOwnFile(join(directory, 'mine'))).toBe('eth0');
  });

  it.each([0o620, 0o602, 0o666])('is not believed when others may write it (mode %o)', (others) => {
    const file = join(directory, `others-${others}`);
    writeFileSync(file, 'eth0');
    chmodSync(file, others);
    expect(readOwnFile(file)).toBeUndefined();
  });

  it('is not believed when it is no file, and not when it is missing', () => {
    symlinkSync('nowhere', join(directory, 'link'));
    for (const name of ['.', 'link', 'missing']) expect(readOwnFile(join(directory, name))).toBeUndefined();
    expect(readOwnFile('/dev/null')).toBeUndefined();
  });
});

describe('a directory of its own', () => {
  it('is made with all above it, each with the mode that was asked for', () => {
    const path = join(directory, 'a/b/c');
    makeOwnDirectory(path, 0o777);
    for (const made of ['a', 'a/b', 'a/b/c']) expect(mode(join(directory, made))).toBe('777');
    makeOwnDirectory(path, 0o700);
    expect(mode(path)).toBe('777');
  });
});
