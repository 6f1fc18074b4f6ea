import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HELPER } from '../helpers/layers.ts';

/** What a file system with project quotas does is shown by the smoke set, in the emulated machine. */

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Asks in a mount namespace of its own, where a file system without project quotas is mounted on the directory. */
function onTmpfs(...args: string[]) {
  const script = 'mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" && shift && exec "$@"';
  const words = ['--mount', 'sh', '-c', script, 'sh', root, HELPER, 'quota', ...args];
  const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('quota', () => {
  it('says that a file system has no project quotas, and gives it none', () => {
    expect(onTmpfs('check', root)).toEqual({ code: 3, stdout: '', stderr: '' });
    const upper = join(root, 'upper');
    expect(onTmpfs('claim', '1073741824', '4096', upper, join(root, 'work'))).toEqual({
      code: 1,
      stdout: '',
      stderr: `skiff-helper: quota: ${upper}: Function not implemented\n`,
    });
  });

  it('releases nothing where there is nothing: no directory, no project, no quotas', () => {
    expect(onTmpfs('release', join(root, 'none')).code).toBe(0);
    expect(onTmpfs('release', join(root, 'upper')).code).toBe(0);
    mkdirSync(join(root, 'plain'));
    expect(spawnSync(HELPER, ['quota', 'release', join(root, 'plain')]).status).toBe(0);
  });

  it('refuses words that it does not know', () => {
    for (const words of [['check'], ['claim', '1', '2'], ['release'], ['grow', root]])
      expect(spawnSync(HELPER, ['quota', ...words]).status).toBe(2);
    expect(() =>
      execFileSync(HELPER, ['quota', 'claim', '4294967296', '1', root], { stdio: 'pipe' }),
    ).toThrow();
  });
});
