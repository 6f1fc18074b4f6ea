import { execFileSync } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ArchivedFile, tarArchive } from '../../../../src/storage/tar/archive.ts';

const file = (name: string, size: number, content: ArchivedFile['content']): ArchivedFile => {
  return { name, mode: 0o755, size, content };
};
const FILES = [
  file('hello', 6, () => [Buffer.from('hello\n')]),
  file('large', 3 << 20, async function* () {
    for (let i = 0; i < 3; i++) yield Buffer.alloc(1 << 20, i);
  }),
];

describe('a tar archive', () => {
  it('is what GNU tar reads', async () => {
    const args = ['--list', '--verbose', '--numeric-owner', '--utc'];
    const listing = execFileSync('tar', args, { input: await buffer(tarArchive(FILES)), encoding: 'utf8' });
    expect(listing).toMatch(
      /^-rwxr-xr-x 0\/0 +6 1970-01-01 00:00 hello\n-rwxr-xr-x 0\/0 +3145728 1970-01-01 00:00 large\n$/,
    );
  });

  it('has the same bytes for the same files', async () => {
    expect(await buffer(tarArchive(FILES))).toEqual(await buffer(tarArchive(FILES)));
  });

  it('ends with the error of a content, and with one that is not as long as was said', async () => {
    const broken = file('broken', 2, async function* () {
      yield Buffer.from('x');
      throw new Error('the disk is broken');
    });
    await expect(buffer(tarArchive([broken]))).rejects.toThrow('the disk is broken');
    await expect(buffer(tarArchive([file('short', 2, () => [Buffer.from('x')])]))).rejects.toThrow('Size');
  });

  it('closes what is open when nobody reads on', async () => {
    let closed = false;
    const endless = file('endless', 1 << 30, async function* () {
      try {
        for (;;) yield Buffer.alloc(1 << 16);
      } finally {
        closed = true;
      }
    });
    for await (const _ of tarArchive([endless])) break;
    await new Promise((done) => setImmediate(done));
    expect(closed).toBe(true);
  });
});
