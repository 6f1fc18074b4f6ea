import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

/**
 * The rules of `-v`, `--mount` and `--volumes-from` in Docker's documentation (storage/bind-mounts, storage/tmpfs, docker
 * container run), with what docker.io 20.10 has answered to the same words. What it does not know, as it is older, is
 * what the documentation of Docker 29 says.
 */

const store = useStore();
const busybox = useBusybox(store);

const directory = mkdtempSync(join(tmpdir(), 'skiff-rules-'));
afterAll(() => rmSync(directory, { recursive: true }));
beforeAll(() => {
  mkdirSync(join(directory, 'data'));
  writeFileSync(join(directory, 'data/file'), 'content');
});

/** `SRC` is a directory of the host; words are split at blanks. */
const words = (text: string) => text.replaceAll('SRC', join(directory, 'data')).split(' ');

describe('what Docker refuses is refused', () => {
  it.each<[string, string]>([
    ['-v SRC:foo', "invalid mount path: 'foo' mount path must be absolute"],
    ['-v SRC:/', "invalid specification: destination can't be '/'"],
    ['-v /:/', "invalid specification: destination can't be '/'"],
    ['-v SRC:/a:bogus', 'invalid mode: bogus'],
    ['-v SRC:/a:ro,rw', 'invalid mode: ro,rw'],
    ['-v SRC:/a:ro,ro', 'invalid mode: ro,ro'],
    ['-v SRC:/a:Z,z', 'invalid mode: Z,z'],
    ['-v SRC:/a:ro:x', 'invalid volume specification'],
    ['-v SRC:/a:nocopy', 'invalid volume specification'],
    ['-v vol:/a:shared', 'invalid volume specification'],
    [
      '-v x/y:/a',
      '"x/y" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed',
    ],
    ['-v v:/a', 'volume name is too short, names should be at least two alphanumeric characters'],
    ['-v SRC:/proc', '/proc'],
    ['-v SRC:/proc/foo', '/proc/foo: it is inside /proc'],
    ['--tmpfs /a -v SRC:/a', 'duplicate mount point: /a'],
    ['--mount type=bind,src=SRC,dst=/a --mount type=bind,src=SRC,dst=/a/', 'duplicate mount point: /a'],
    ['--mount type=bind,src=/not/there,dst=/a', 'bind source path does not exist: /not/there'],
    ['--mount type=bind,src=tmp,dst=/a', "invalid mount path: 'tmp' mount path must be absolute"],
    ['--mount type=bind,src=SRC,dst=a', "invalid mount path: 'a' mount path must be absolute"],
    ['--mount type=bind,src=SRC,dst=/', "invalid specification: destination can't be '/'"],
    ['--mount type=bind,src=SRC', 'target is required'],
    ['--mount type=bind,dst=/a', 'field Source must not be empty'],
    ['--mount type=tmpfs,src=/x,dst=/a', 'field Source must not be specified'],
    ['--mount type=foo,dst=/a', 'mount type unknown'],
    ['--mount foo,dst=/a', "invalid field 'foo' must be a key=value pair"],
    ['--mount type=bind,src=SRC,dst=/a,bogus=1', "unexpected key 'bogus' in 'bogus=1'"],
    ['--mount type=bind,src=SRC,dst=/a,ro=maybe', 'invalid value for ro: maybe'],
    [
      '--mount type=bind,src=SRC,dst=/a,volume-nocopy',
      "cannot mix 'volume-*' options with mount type 'bind'",
    ],
    [
      '--mount type=volume,src=vol,dst=/a,bind-propagation=rprivate',
      "cannot mix 'bind-*' options with mount type 'volume'",
    ],
    ['--mount type=bind,src=SRC,dst=/a,bind-propagation=foo', 'invalid propagation mode: foo'],
    ['--mount type=tmpfs,dst=/a,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
    ['--mount type=tmpfs,dst=/a,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
    // Of Docker 25 and later.
    [
      '--mount type=bind,src=SRC,dst=/a,bind-recursive=readonly',
      "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction",
    ],
    ['--mount type=image,src=nope,dst=/a', 'no such image: nope'],
    ['--mount type=image,src=IMAGE,dst=/a,image-subpath=../x', 'invalid subpath'],
    ['--volumes-from nope', 'no such container: nope'],
    ['--volumes-from nope:zz', 'invalid mode: zz'],
  ])('%s', async (text, message) => {
    const args = words(text).map((word) => word.replace('IMAGE', busybox));
    const { code, stdout, stderr } = await store.skiff(['run', ...args, busybox, 'true']);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(message);
    expect(existsSync(join(directory, 'data/file'))).toBe(true);
  });

  it('and leaves no container', async () => {
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});

describe('what Docker takes does what it does there', () => {
  it.each<[string, string, string]>([
    ['-v SRC:/a', 'cat /a/file', 'content'],
    ['-v SRC:/a/../b', 'cat /b/file', 'content'],
    ['-v SRC:/a:', 'cat /a/file', 'content'],
    ['-v SRC:/a:rw,z', 'cat /a/file', 'content'],
    ['-v SRC:/a:ro', 'touch /a/x 2>&1; true', 'touch: /a/x: Read-only file system'],
    ['-v SRC/file:/a', 'cat /a', 'content'],
    ['-v SRC/file:/etc/passwd:ro', 'cat /etc/passwd', 'content'],
    [
      '--mount type=bind,source=SRC,target=/a,readonly',
      'touch /a/x 2>&1; true',
      'touch: /a/x: Read-only file system',
    ],
    ['--mount type=bind,src=SRC,destination=/a,ro=false', 'cat /a/file', 'content'],
    [
      '--mount type=tmpfs,dst=/a,tmpfs-size=1m,tmpfs-mode=1770',
      'stat -c %a /a; df -k /a | tail -1 | tr -s " " | cut -d" " -f2',
      '1770\n1024',
    ],
    // Without a size half of the memory, and for everybody (1777), unless there is a directory whose mode it has.
    ['--mount type=tmpfs,dst=/fresh', 'stat -c %a /fresh', '1777'],
    ['-v SRC:/x/y/z -v SRC:/x/y', 'cat /x/y/file', 'content'],
    ['-v SRC:/dev/shm', 'cat /dev/shm/file', 'content'],
  ])('%s', async (text, script, expected) => {
    expect(await store.ok(['run', '--rm', ...words(text), busybox, 'sh', '-c', script])).toBe(expected);
    rmSync(join(directory, 'data/z'), { recursive: true, force: true });
  });

  it('--volumes-from gives what another container has, and :ro closes it', async () => {
    await store.ok(['create', '--name', 'holder', ...words('-v SRC:/a'), busybox]);
    const run = (from: string, script: string) =>
      store.skiff(['run', '--rm', '--volumes-from', from, busybox, 'sh', '-c', script]);
    expect((await run('holder', 'cat /a/file')).stdout).toBe('content');
    expect((await run('holder:ro', 'touch /a/x')).stderr).toContain('Read-only file system');
    await store.ok(['rm', 'holder']);
  });

  it('an image is read-only, whole or a part of it', async () => {
    const image = (more: string) => ['--mount', `type=image,src=${busybox},dst=/i${more}`];
    expect(
      await store.ok([
        'run',
        '--rm',
        ...image(''),
        busybox,
        'sh',
        '-c',
        'ls /i/bin/sh; touch /i/x 2>&1 || true',
      ]),
    ).toBe('/i/bin/sh\ntouch: /i/x: Read-only file system');
    expect(await store.ok(['run', '--rm', ...image(',image-subpath=bin'), busybox, 'ls', '/i/sh'])).toBe(
      '/i/sh',
    );
    const missing = await store.skiff(['run', ...image(',image-subpath=not/there'), busybox, 'true']);
    expect(missing.code).toBe(125);
    expect(missing.stderr).toContain('cannot mount the subpath not/there');
  });
});
