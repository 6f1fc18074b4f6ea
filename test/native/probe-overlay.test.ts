import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HELPER } from '../helpers/layers.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
});
afterEach(() => {
  execFileSync(HELPER, ['remove', root]);
});

/** The end of the verb, called by `script` with the helper as `$1` and the root as `$2`, in a mount namespace. */
function probe(script: string): { status: number | null; record: string[] } {
  const args = ['--mount', 'sh', '-ec', script, 'sh', HELPER, root];
  const { status, output } = spawnSync('unshare', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  return { status, record: (output[3] ?? '').split('\0').slice(0, 2) };
}

const OVERLAY = `mkdir "$2/l" "$2/u" "$2/w" "$2/m"
  mount -t overlay overlay -o "lowerdir=$2/l,upperdir=$2/u,workdir=$2/w" "$2/m"; mkdir "$2/m/place"`;
const record = (errno: number) => ['layer-overlay', String(errno)];
const { errno } = constants;

describe('probe-overlay', () => {
  it('says yes for a file system on which overlays lie, whatever the place is called', () => {
    mkdirSync(join(root, 'a:b,c'));
    expect(probe('exec "$1" probe-overlay "$2/a:b,c"')).toEqual({ status: 0, record: [''] });
  });

  it('says no for an overlay', () => {
    expect(probe(`${OVERLAY}; exec "$1" probe-overlay "$2/m/place"`)).toEqual({
      status: 1,
      record: record(errno.EINVAL),
    });
  });

  it('tells what it may not find out', () => {
    expect(probe('exec capsh --drop=cap_sys_admin -- -c \'exec "$0" probe-overlay "$1"\' "$1" "$2"')).toEqual(
      {
        status: 1,
        record: record(errno.EPERM),
      },
    );
  });

  it('wants a directory', () => {
    expect(probe('exec "$1" probe-overlay "$2/none"')).toEqual({ status: 1, record: record(errno.ENOENT) });
    expect(probe('exec "$1" probe-overlay relative').status).toBe(2);
  });
});
