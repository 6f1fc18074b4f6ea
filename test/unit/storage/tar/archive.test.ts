import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarArchive } from '../../../../src/storage/tar/archive.ts';

const FILES = [{ name: 'hello', mode: 0o755, content: Buffer.from('hello\n') }];

describe('a tar archive in memory', () => {
  it('is what GNU tar reads', async () => {
    const args = ['--list', '--verbose', '--numeric-owner', '--utc'];
    const listing = execFileSync('tar', args, { input: await tarArchive(FILES), encoding: 'utf8' });
    expect(listing).toMatch(/^-rwxr-xr-x 0\/0 +6 1970-01-01 00:00 hello\n$/);
  });

  it('has the same bytes for the same files', async () => {
    expect(await tarArchive(FILES)).toEqual(await tarArchive(FILES));
  });
});
