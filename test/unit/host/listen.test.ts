import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ListenMeans, listen } from '../../../src/host/listen.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-listen-'));
afterAll(() => rmSync(directory, { recursive: true }));

const means: ListenMeans = { directory, alone: (_file, use) => use() };

/** The mode of a socket that was made in a directory of this mode; `denied` when none was. */
async function socketIn(name: string, mode: number, prepare = (_path: string): void => {}): Promise<number> {
  const parent = join(directory, name);
  mkdirSync(parent);
  chmodSync(parent, mode);
  prepare(parent);
  const path = join(parent, 'a.sock');
  const { stop } = await listen(createServer(), { kind: 'unix', path }, means);
  try {
    return statSync(path).mode & 0o777;
  } finally {
    stop();
  }
}

describe('a socket', () => {
  it('is for its owner and its group, in a directory of which nobody else can take it away', async () => {
    expect(await socketIn('own', 0o755)).toBe(0o660);
    expect(await socketIn('sticky', 0o1777)).toBe(0o660);
  });

  it('is not made where others could put one of theirs', async () => {
    await expect(socketIn('open', 0o777)).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('may be written by other users'),
    });
  });

  it.skipIf(process.geteuid?.() !== 0)(
    'is neither made in the directory of another user, nor for its group',
    async () => {
      const ofAnother = socketIn('theirs', 0o755, (path) => chownSync(path, 1234, 1234));
      await expect(ofAnother).rejects.toMatchObject({ message: expect.stringContaining('(uid 1234)') });
      const ofTheirGroup = socketIn('group', 0o775, (path) => chownSync(path, 0, 1234));
      await expect(ofTheirGroup).rejects.toMatchObject({ kind: 'denied' });
      const parent = join(directory, 'setgid');
      mkdirSync(parent);
      chownSync(parent, 0, 1234);
      chmodSync(parent, 0o2755);
      const path = join(parent, 'a.sock');
      const { stop } = await listen(createServer(), { kind: 'unix', path }, means);
      expect(statSync(path).gid).not.toBe(1234);
      stop();
    },
  );

  it('is not made where a link leads', async () => {
    const path = join(directory, 'link');
    symlinkSync(join(directory, 'nowhere'), path);
    await expect(listen(createServer(), { kind: 'unix', path }, means)).rejects.toMatchObject({
      message: `${path} is there already, and is no socket`,
    });
  });

  it('that was passed on is a Unix socket', async () => {
    const descriptor = openSync(directory, 'r');
    await expect(listen(createServer(), { kind: 'inherited', descriptor }, means)).rejects.toMatchObject({
      kind: 'denied',
      message: `the service does not listen on fd://${descriptor}: it is no Unix socket that listens, but ${directory}`,
    });
    closeSync(descriptor);
  });
});
