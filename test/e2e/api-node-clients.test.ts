import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { useService } from '../helpers/service.ts';
import { useStore } from '../helpers/skiff.ts';

const PACKAGES = ['dockerode', 'testcontainers', '@devcontainers/cli'];
/** What an image is called that every scenario finds. */
const IMAGE = 'box:1';

// The clients speak to ports that containers publish: all is in a network namespace where nobody else is.
describe.runIf(LONG)(
  'clients of Node, as they come from npm',
  { timeout: 120_000 },
  LONG ? clients : nothing,
);

/** What a suite that does not run would make is taken back by nobody. */
function nothing(): void {
  it('takes a minute', () => {});
}

function clients(): void {
  let namespace: NetworkNamespace | undefined;
  const through = () => namespace?.enter ?? [];
  beforeAll(async () => {
    namespace = await NetworkNamespace.make({ mounts: true });
    namespace.run('ip', 'link', 'set', 'lo', 'up');
  });
  const store = useStore(
    () => ({ through: through(), env: { SKIFF_NETWORK: '' } }),
    async () => namespace?.remove(),
  );
  const busybox = useBusybox(store);
  const service = useService(store);
  const directory = mkdtempSync(join(tmpdir(), 'skiff-npm-'));
  let missing: string | undefined;
  beforeAll(async () => {
    const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES];
    const { exitCode, stderr } = await execa('npm', words, { cwd: directory, reject: false });
    if (exitCode !== 0) missing = `npm gives no ${PACKAGES.join(', ')}: ${stderr}`;
    await store.ok(['tag', busybox, IMAGE]);
  }, 300_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs a client in a directory of its own below that of the packages. */
  const run = async (name: string, command: readonly string[]) => {
    const cwd = join(directory, name);
    mkdirSync(cwd, { recursive: true });
    const [file = '', ...args] = [...through(), 'env', '-C', cwd, ...command];
    const env = {
      DOCKER_HOST: `unix://${service.socket}`,
      // Who cleans up after tests that were killed comes from an image of the internet: this is its documented switch.
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      TESTCONTAINERS_HOST_OVERRIDE: 'localhost',
    };
    return await execa(file, args, { env, reject: false });
  };
  /** What a program of test/clients has printed, as JSON. */
  const seen = async (name: string, program: string, ...args: string[]): Promise<unknown> => {
    const path = resolve(import.meta.dirname, '../clients', program);
    const { stdout, stderr, exitCode } = await run(name, [process.execPath, path, ...args]);
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };

  it('dockerode runs, executes, watches, reads and removes', async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    expect(await seen('dockerode', 'dockerode.ts', IMAGE)).toEqual({
      ping: 'OK',
      run: [3, 'out\n', 'err\n'],
      listed: [['/one', 'running']],
      exec: ['to and fro', 0],
      fails: 1,
      actions: ['start', 'pause', 'unpause', 'rename', 'die', 'stop', 'destroy'],
      stopped: 'exited',
      waited: { StatusCode: 0 },
      attached: 'kept\n',
      logs: 'kept\n',
      missing: [404, 404, 404],
      left: 0,
    });
  });

  const scenarios: [string, unknown][] = [
    ['waits', { started: ['log', 'port', 'http', 'health', 'command'], said: 'page\n' }],
    [
      'exec',
      {
        inside: ['there', 'word', '1000', '100', '1', '/tmp', ''],
        fails: { output: expect.any(String), stdout: 'out\n', stderr: 'err\n', exitCode: 3 },
      },
    ],
    ['files', ['640', 'a file', 'content', 'in a directory', 'later', 'in a directory']],
    ['networks', ['page\n', 'page\n', 'page\n']],
    ['reuse', [true, true]],
    ['build', ['built\n', 'committed\n']],
    ['compose', ['page\n', 'page\n']],
  ];
  it.for(scenarios)('testcontainers: %s', async ([scenario, outcome], { skip }) => {
    if (missing !== undefined) skip(missing);
    expect(await seen(scenario, 'testcontainers.ts', scenario, IMAGE)).toEqual(outcome);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  const containers: [string, object, string?][] = [
    ['an image', { image: IMAGE }],
    [
      'a Dockerfile',
      {
        build: { dockerfile: 'Dockerfile', args: { WORD: 'built' } },
        remoteUser: 'dev',
        mounts: ['type=volume,source=data,target=/data'],
      },
      `FROM ${IMAGE}\nARG WORD\nRUN echo dev:x:1234:1234::/tmp:/bin/sh >> /etc/passwd && echo $WORD > /word\n`,
    ],
  ];
  it.for(containers)('devcontainer up and exec with %s', async ([what, config, dockerfile], { skip }) => {
    if (missing !== undefined) skip(missing);
    const name = what.replaceAll(/\W/g, '-');
    const folder = join(directory, name, '.devcontainer');
    mkdirSync(folder, { recursive: true });
    const more = {
      containerEnv: { A: 'a' },
      remoteEnv: { R: 'r' },
      postCreateCommand: 'id -u > /tmp/created',
    };
    writeFileSync(join(folder, 'devcontainer.json'), JSON.stringify({ ...config, ...more }));
    if (dockerfile !== undefined) writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    const devcontainer = (...words: string[]) =>
      run(name, [
        process.execPath,
        join(directory, 'node_modules/.bin/devcontainer'),
        ...words.slice(0, 1),
        ...['--docker-path', '/usr/bin/docker', '--workspace-folder', '.'],
        ...words.slice(1),
      ]);
    const up = await devcontainer('up');
    expect(up.exitCode, up.stderr).toBe(0);
    const { outcome, containerId } = JSON.parse(up.stdout.trim().split('\n').at(-1) ?? '');
    expect(outcome).toBe('success');
    const script = 'echo $A $R $(cat /tmp/created) $(cat /word); ls -d .devcontainer; exit 3';
    const { stdout, exitCode } = await devcontainer('exec', 'sh', '-c', script);
    expect([stdout.split('\n'), exitCode]).toEqual([
      [dockerfile === undefined ? 'a r 0' : 'a r 1234 built', '.devcontainer'],
      3,
    ]);
    // A second one finds the first.
    const again = await devcontainer('up');
    expect(JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '').containerId).toBe(containerId);
    await store.ok(['rm', '-fv', containerId]);
  });
}
