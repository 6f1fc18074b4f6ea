import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { storePaths } from '../../src/host/paths.ts';
import { VERSION } from '../../src/host/version.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const EXECUTABLE = join(CHECKOUT, 'build/skiff');
const BUN = join(CHECKOUT, 'node_modules/@oven/bun-linux-x64/bin/bun');

const directory = mkdtempSync(join(CHECKOUT, 'build', 'skiff-executable-'));
const { reference: busybox } = inject('busybox');
const roots = ['copy-root', 'node-root', 'trap/from-environment'].map((name) => join(directory, name));
/** Node keeps what it has compiled, for the program is the same each time. */
const ON_NODE = { NODE_COMPILE_CACHE: join(directory, 'compiled') };
afterAll(() => {
  for (const root of roots) rmSync(storePaths(root).run, { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
});

describe('the executable', () => {
  it('works where nothing but itself is', async () => {
    const copy = join(directory, 'elsewhere');
    await copyFile(EXECUTABLE, copy);
    const root = join(directory, 'copy-root');
    const { stdout } = await execa(copy, ['--root', root, 'run', '--rm', 'hello'], {
      cwd: '/',
      env: { PATH: '' },
    });
    expect(stdout).toContain('Hello from inside a container!');
    expect(stdout).toMatch(/^ {2}process +PID 1$/m);
  });

  it("neither runs nor reads the working directory's bunfig.toml, .env, tsconfig.json and package.json", async () => {
    const trap = trapDirectory();
    // The same trap catches an executable compiled without the flags.
    const probe = await compiledByBun('probe', "console.log(process.env['SKIFF_ROOT'])");
    const caught = await execa(probe, { cwd: trap, env: { SKIFF_ROOT: undefined }, reject: false });
    expect(caught.stdout).toContain('preloaded');
    expect(caught.stdout).toContain('from-dotenv');

    const clean = await execa(EXECUTABLE, ['version'], { cwd: '/' });
    const trapped = await execa(EXECUTABLE, ['version'], { cwd: trap });
    expect([trapped.stdout, trapped.stderr]).toEqual([clean.stdout, clean.stderr]);
    // The default state root is hidden, so that the machine's own stays as it is.
    const images = 'mount -t tmpfs none /var/lib && mount -t tmpfs none /run && exec "$0" images';
    await execa('unshare', ['--mount', 'sh', '-c', images, EXECUTABLE], {
      cwd: trap,
      env: { SKIFF_ROOT: undefined },
    });
    expect(existsSync(join(trap, 'from-dotenv'))).toBe(false);
    await execa(EXECUTABLE, ['images'], { cwd: trap, env: { SKIFF_ROOT: join(trap, 'from-environment') } });
    expect(existsSync(join(trap, 'from-environment'))).toBe(true);
  });

  it('obeys no variable by which its runtime runs other code or writes files, and passes them on', async () => {
    const preload = join(directory, 'preloaded.js');
    writeFileSync(preload, "console.log('preloaded');\n");
    const order = join(directory, 'order');
    const variables = {
      BUN_OPTIONS: { env: { BUN_OPTIONS: `--preload=${preload}` }, sign: /^preloaded$/m },
      BUN_BE_BUN: { env: { BUN_BE_BUN: '1' }, sign: /^1\.[0-9.]+$/m },
    };
    // The same variables work in any other program compiled by Bun.
    const probe = await compiledByBun('obedient', 'console.log(1)');
    for (const [name, { env, sign }] of Object.entries(variables)) {
      expect((await execa(probe, ['--version'], { env })).stdout, name).toMatch(sign);
      expect((await execa(EXECUTABLE, ['--version'], { env })).stdout, name).toBe(`skiff version ${VERSION}`);
    }
    await execa(EXECUTABLE, ['--version'], { env: { BUN_BYTECODE_ORDER_OUT: order } });
    expect(existsSync(order)).toBe(false);

    const root = join(directory, 'copy-root');
    const args = ['--root', root, 'run', '--rm', '-e', 'BUN_OPTIONS', '-e', 'BUN_BE_BUN', busybox, 'env'];
    const { stdout } = await execa(EXECUTABLE, args, { env: { BUN_OPTIONS: '--smol', BUN_BE_BUN: '1' } });
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['BUN_OPTIONS=--smol', 'BUN_BE_BUN=1']));
  });
});

describe('a working directory that is gone', () => {
  const DELETED = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"';
  const UNMOUNTED =
    'mkdir "$0" && mount -t tmpfs none "$0" && cd "$0" && umount -l "$0" && rmdir "$0" && exec "$@"';
  const NODE = [process.execPath, join(CHECKOUT, 'bin/skiff.node.ts')];

  it.each([
    ['deleted', ['sh', '-c', DELETED], [EXECUTABLE], 'copy-root'],
    ['unmounted', ['unshare', '--mount', 'sh', '-c', UNMOUNTED], [EXECUTABLE], 'copy-root'],
    ['deleted, on Node,', ['sh', '-c', DELETED], NODE, 'node-root'],
    ['unmounted, on Node,', ['unshare', '--mount', 'sh', '-c', UNMOUNTED], NODE, 'node-root'],
  ])('that was %s matters to relative paths only', async (_, [shell = '', ...words], program, name) => {
    const root = join(directory, name);
    const skiff = (...args: string[]) =>
      execa(shell, [...words, join(directory, 'gone'), ...program, ...args], {
        reject: false,
        env: ON_NODE,
      });
    const ok = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await skiff(...args);
      expect([exitCode, stderr]).toEqual([0, '']);
      return stdout;
    };
    expect(await ok('version')).toContain(VERSION);
    expect(await ok('--root', root, 'ps')).toContain('CONTAINER ID');
    expect(await ok('--root', root, 'run', '--rm', '--network', 'none', 'hello')).toContain(
      'Hello from inside',
    );
    const run = ['--root', root, 'run', '--rm'];
    for (const args of [
      ['--root', 'relative', 'ps'],
      [...run, '--label-file', 'relative', 'hello'],
      [...run, '--cidfile', 'relative', 'hello'],
      [...run, '--security-opt', 'seccomp=relative', 'hello'],
    ]) {
      const { exitCode, stderr } = await skiff(...args);
      expect([exitCode, stderr.split('\n')[0]], args.join(' ')).toEqual([
        125,
        'skiff: "relative" leads nowhere: the working directory was deleted or unmounted',
      ]);
    }
  });
});

describe('the program on Node', () => {
  it('pulls and runs like the executable', async () => {
    const root = join(directory, 'node-root');
    const skiff = (...args: string[]) =>
      execa(process.execPath, [join(CHECKOUT, 'bin/skiff.node.ts'), '--root', root, ...args], {
        env: ON_NODE,
      });
    expect((await skiff('version')).stdout).toContain(`skiff version ${VERSION}\n Runtime:  Node.js 26.`);
    expect((await skiff('run', '--rm', 'hello')).stdout).toContain('Hello from inside a container!');
    expect((await skiff('pull', busybox)).stdout).toContain(`Downloaded newer image for ${busybox}`);
    expect((await skiff('run', '--rm', busybox, 'echo', 'from', 'Node')).stdout).toBe('from Node');
    expect((await skiff('images')).stdout).toContain('busybox');
    const failed = await execa(
      process.execPath,
      [join(CHECKOUT, 'bin/skiff.node.ts'), '--root', root, 'run', busybox, 'no'],
      {
        reject: false,
        env: ON_NODE,
      },
    );
    expect(failed.exitCode).toBe(127);
    await skiff('rmi', '-f', busybox, 'localhost/hello');
  });
});

describe('the launcher', () => {
  const checkout = join(directory, 'checkout');
  const launcher = join(checkout, 'bin/skiff');
  const EXECUTABLE_ONLY = 'skiff: compiling the executable';
  const STEPS = `skiff: compiling the helper\n${EXECUTABLE_ONLY}`;
  // The compiler need not optimize what only says its version: half of the time of a build.
  const version = (file = launcher) => execa(file, ['version'], { cwd: '/', env: { CFLAGS: '-O0' } });

  it('builds once when several first calls come at the same time', async () => {
    mkdirSync(checkout);
    for (const name of ['bin', 'native', 'src', 'package.json', 'package-lock.json']) {
      await execa('cp', ['-a', join(CHECKOUT, name), checkout]);
    }
    // The helper as well, built and with its times: that it is built when it is stale comes below, and costs most.
    mkdirSync(join(checkout, 'build'));
    await execa('cp', ['-a', join(CHECKOUT, 'build/native'), join(checkout, 'build')]);
    // Links to the files, not to the directory: whoever fetches packages anew empties it first.
    await execa('cp', ['-al', join(CHECKOUT, 'node_modules'), checkout]);
    const calls = await Promise.all([version(), version(), version()]);
    for (const { stdout } of calls) expect(stdout).toContain(`skiff version ${VERSION}`);
    expect(calls.map(({ stderr }) => stderr).filter(Boolean)).toEqual([EXECUTABLE_ONLY]);
  });

  it('is silent when nothing has changed, from anywhere and through links', async () => {
    expect((await version()).stderr).toBe('');
    const link = join(directory, 'link');
    symlinkSync('checkout/bin/skiff', link);
    symlinkSync(link, join(directory, 'link-to-link'));
    expect((await version(join(directory, 'link-to-link'))).stdout).toContain(VERSION);
    const here = await execa('sh', ['skiff', 'version'], { cwd: join(checkout, 'bin') });
    expect([here.stdout.includes(VERSION), here.stderr]).toEqual([true, '']);
  });

  it('hands over arguments and the exit code', async () => {
    const { exitCode, stderr } = await execa(launcher, ['no such command', '$HOME'], { reject: false });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no such command');
  });

  it.each([
    ['a source has changed', 'echo "// changed" >> src/cli/commands/system/version.ts', EXECUTABLE_ONLY],
    ['a source is new', 'echo "" > src/oci/new.ts', EXECUTABLE_ONLY],
    ['a source is gone', 'rm src/oci/new.ts', EXECUTABLE_ONLY],
    ['the helper has changed', 'echo "/* changed */" >> native/base/util.c', STEPS],
  ])('builds again when %s', async (_, change, steps) => {
    await execa('sh', ['-c', change], { cwd: checkout });
    expect((await version()).stderr).toBe(steps);
    expect((await version()).stderr).toBe('');
  });

  it('shows the log of a step that fails, and exits with 125', async () => {
    writeFileSync(join(checkout, 'src/cli/main.ts'), 'export const main = ;\n');
    const { exitCode, stderr } = await execa(launcher, ['version'], { reject: false });
    expect(exitCode).toBe(125);
    expect(stderr).toContain('skiff: failed: ');
    expect(stderr).toContain('src/cli/main.ts:1');
  });

  it('names what the system lacks when it may not install it', async () => {
    const path = join(directory, 'path');
    mkdirSync(path);
    for (const tool of ['sh', 'id', 'tr', 'mkdir', 'dirname', 'flock', 'rm', 'gcc', 'make']) {
      symlinkSync((await execa('which', [tool])).stdout, join(path, tool));
    }
    const { exitCode, stderr } = await execa('/bin/sh', [launcher, 'version'], {
      reject: false,
      extendEnv: false,
      env: { PATH: path },
    });
    expect(exitCode).toBe(125);
    expect(stderr).toContain('apt-get install --no-install-recommends musl-tools');
  });
});

/** Any other program that Bun compiles, without the flags and changes of bin/compile.ts. */
async function compiledByBun(name: string, source: string): Promise<string> {
  const program = join(directory, name);
  writeFileSync(`${program}.ts`, source);
  await execa(BUN, ['build', '--compile', `${program}.ts`, `--outfile=${program}`], { cwd: directory });
  return program;
}

/** A working directory whose files do something in every program compiled by Bun that lets them. */
function trapDirectory(): string {
  const trap = join(directory, 'trap');
  mkdirSync(trap);
  writeFileSync(join(trap, 'bunfig.toml'), 'preload = ["./preload.ts"]\n');
  writeFileSync(join(trap, 'preload.ts'), "console.log('preloaded');\n");
  writeFileSync(join(trap, '.env'), `SKIFF_ROOT=${join(trap, 'from-dotenv')}\n`);
  writeFileSync(join(trap, 'tsconfig.json'), 'not JSON {');
  writeFileSync(join(trap, 'package.json'), 'not JSON {');
  return trap;
}
