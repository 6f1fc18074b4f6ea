import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useRegistry } from '../helpers/images.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { EXECUTABLE, useStore } from '../helpers/skiff.ts';

const store = useStore();
const registry = useRegistry('busybox', 'special');

async function failure(
  args: readonly string[],
  { exitCode = 125, ...options }: { env?: Record<string, string>; exitCode?: number } = {},
): Promise<string> {
  const { code, stdout, stderr } = await store.skiff(args, options);
  expect(code, stderr).toBe(exitCode);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^skiff: [^A-Z\n]/m);
  return stderr;
}

describe('what is wrong with an image is said', () => {
  it.each([
    'host.example/UPPER/case',
    'a b',
    'host:port:tag:x',
    '',
    'busybox@sha256:short',
    `${'x'.repeat(300)}`,
  ])('reference "%s"', async (reference) => {
    expect(await failure(['pull', reference])).toMatch(/image name .*(is not valid|is empty)/);
  });

  it('a host that does not exist', async () => {
    expect(await failure(['pull', 'no-such-host.invalid/image'])).toContain('no-such-host.invalid');
  });

  it('a refused connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const message = await failure(['pull', `127.0.0.1:${port}/image`]);
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toMatch(/refused/);
  });

  it('an image that is not there', async () => {
    const message = await failure([
      'run',
      '--rm',
      registry.reference('busybox').replace('busybox', 'nothing'),
      'true',
    ]);
    expect(message).toContain('nothing');
    expect(message).toContain('hint:');
  });

  it('an unknown platform', async () => {
    expect(
      await failure(['pull', '--platform', 'plan9/what/is/this', registry.reference('busybox')]),
    ).toContain('plan9/what/is/this');
  });
});

describe('a registry that wants a password', () => {
  let locked: TestRegistry;
  beforeAll(async () => {
    locked = await startRegistry({ user: { name: 'me', password: 'secret' } });
  });
  afterAll(() => locked.stop());

  it('is named together with what to do', async () => {
    const message = await failure(['pull', `${locked.host}/busybox:latest`]);
    expect(message).toContain(locked.host);
    expect(message).toMatch(/unauthorized|log in|credentials|password/);
  });
});

describe('what is wrong with the host is said', () => {
  it('no root rights', () => {
    const home = mkdtempSync(join(tmpdir(), 'skiff-user-'));
    copyFileSync(EXECUTABLE, join(home, 'skiff'));
    execFileSync('chmod', ['755', home, join(home, 'skiff')]);
    try {
      execFileSync(
        'setpriv',
        ['--reuid', '65534', '--regid', '65534', '--clear-groups', join(home, 'skiff'), 'ps'],
        { stdio: 'pipe' },
      );
      expect.unreachable();
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      expect(status).toBe(125);
      expect(String(stderr)).toMatch(/skiff: skiff needs root rights[\s\S]*hint: .*sudo/);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it('a full disk, and the store is as good as before', async () => {
    const root = mkdtempSync(join(tmpdir(), 'skiff-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'skiff-test', root]);
    try {
      const small = (args: string[]) => store.skiff(['--root', root, ...args]);
      await small(['pull', registry.reference('busybox')]);
      const filler = join(root, 'filler');
      // Less is left than the archive of the next one needs.
      const { bavail, bsize } = statfsSync(root);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - 512 * 1024));
      const full = await small(['pull', registry.reference('special')]);
      expect(full.code).toBe(125);
      expect(full.stderr).toContain('no space left on device');
      rmSync(filler);
      const ran = await small(['run', '--rm', registry.reference('busybox'), 'echo', 'alive']);
      expect(ran).toMatchObject({ code: 0, stdout: 'alive\n' });
    } finally {
      execFileSync('umount', [root]);
      rmSync(root, { recursive: true });
    }
  });

  it('a store where nothing can be executed', async () => {
    const root = mkdtempSync(join(tmpdir(), 'skiff-noexec-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'skiff-test', root]);
    const refused = async (...args: string[]) => {
      const { code, stderr } = await store.skiff(['--root', root, ...args]);
      expect([args, code]).toEqual([args, 125]);
      expect(stderr).toMatch(/mounted noexec\nhint: mount it with exec/);
    };
    try {
      await refused('run', '--rm', 'hello');
      execFileSync('mount', ['-o', 'remount,exec', root]);
      await store.ok(['--root', root, 'create', '--name', 'made', 'hello']);
      execFileSync('mount', ['-o', 'remount,noexec', root]);
      for (const words of ['run --rm hello', 'start made', 'cp /etc/hostname made:/', 'rm made'])
        await refused(...words.split(' '));
    } finally {
      execFileSync('umount', [root]);
      rmSync(root, { recursive: true });
    }
  });

  it('a store of overlays that lies where none can be mounted', async () => {
    const root = mkdtempSync(join(tmpdir(), 'skiff-overlay-'));
    // What layers it has are made for overlay.
    for (const name of ['lower', 'upper/layers', 'work', 'merged'])
      mkdirSync(join(root, name), { recursive: true });
    const merged = join(root, 'merged');
    const options = `lowerdir=${root}/lower,upperdir=${root}/upper,workdir=${root}/work`;
    execFileSync('mount', ['-t', 'overlay', '-o', options, 'skiff-test', merged]);
    try {
      const { code, stderr } = await store.skiff(['--root', merged, 'run', '--rm', 'hello']);
      expect(code).toBe(125);
      expect(stderr).toMatch(/overlay/);
      expect(stderr).toContain('hint:');
    } finally {
      execFileSync('umount', [merged]);
      rmSync(root, { recursive: true });
    }
  });

  it('a limit whose cgroup controller is missing', () => {
    // A private mount namespace without any cgroup hierarchy: nothing of the machine is touched.
    const script = `umount -R /sys/fs/cgroup && exec "$0" --root "$1" run --rm -m 64m hello`;
    try {
      execFileSync(
        'unshare',
        ['--mount', '--propagation', 'private', 'sh', '-c', script, EXECUTABLE, store.root],
        { stdio: 'pipe' },
      );
      expect.unreachable();
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      expect(status).toBe(125);
      expect(String(stderr)).toContain('needs the cgroup controller "memory"');
    }
  });
});

describe('what is typed wrong is said', () => {
  it.each([
    [['run', '--rm', '--frob', 'hello'], "unknown option '--frob'"],
    [['--frob', 'ps'], "unknown option '--frob'"],
    [['container', '--frob', 'ls'], "unknown option '--frob'"],
    [['run', '--frob\n\x1b[1mhint: x', 'hello'], "unknown option '--frob\\n\\x1b[1mhint: x'\nhint: see"],
  ])('skiff %j', async (args, text) => {
    expect(await failure(args)).toContain(text);
  });

  it.each([
    [['frobnicate'], '"frobnicate" is not a skiff command\nhint: see skiff --help\n'],
    [['runn', '--rm', 'hello'], '"runn" is not a skiff command\nhint: did you mean skiff run\n'],
    [['netwrk', 'ls'], '"netwrk" is not a skiff command\nhint: did you mean skiff network\n'],
    [
      ['container', 'lst', '-a'],
      '"lst" is not a command of skiff container\nhint: did you mean skiff container ls',
    ],
    [['explain-failur'], '"explain-failur" is not a skiff command\nhint: see skiff --help\n'],
    [['run'], "missing required argument 'image'"],
    [['exec', 'web'], "missing required argument 'command'"],
    [['stop'], 'no container is named'],
    [['ps', 'extra'], 'too many arguments'],
  ])(
    'skiff %j, with the exit code that Docker has for a command that nothing could be tried of',
    async (args, text) => {
      expect(await failure(args, { exitCode: 1 })).toContain(text);
    },
  );

  it.each(['logs', 'inspect', 'rmi'])(
    'an object that is not there, with the exit code that scripts for Docker expect: skiff %s',
    async (command) => {
      const { code, stderr } = await store.skiff([command, 'nothing-of-this-name']);
      expect(code).toBe(1);
      expect(stderr).toContain('nothing-of-this-name');
    },
  );
});
