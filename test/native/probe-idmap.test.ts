import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { HELPER } from '../helpers/layers.ts';

const probe = (...args: string[]) => spawnSync(HELPER, ['probe-idmap', ...args], { encoding: 'utf8' });

describe('probe-idmap', () => {
  it('says yes for a file system whose owners can be shown through id maps', () => {
    expect(probe(tmpdir())).toMatchObject({ status: 0, stderr: '' });
  });

  it('says no for one that cannot, naming the directory', () => {
    expect(probe('/proc')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('id-mapped-mount: /proc'),
    });
  });

  it('says no for what is not there', () => {
    expect(probe('/no/such/directory').status).toBe(1);
    expect(probe('relative').status).toBe(2);
  });
});
