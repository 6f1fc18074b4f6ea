import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none', SOURCE_DATE_EPOCH: '1700000000' } }));

const place = mkdtempSync(join(tmpdir(), 'skiff-contexts-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const DOCKERFILE = 'FROM scratch\nCOPY --chmod=640 name dir /x/\nLABEL of=test\n';

/** A context with a Dockerfile and some files, and one that is ignored. */
const context = join(place, 'context');
mkdirSync(join(context, 'dir'), { recursive: true });
writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
writeFileSync(join(context, 'name'), 'world\n');
writeFileSync(join(context, 'dir/file'), 'in a directory\n');
writeFileSync(join(context, 'dir/ignored'), 'never\n');
writeFileSync(join(context, '.dockerignore'), '**/ignored\n');

const archive = (name: string, option: string): string => {
  execFileSync('tar', [option, join(place, name), '-C', context, '.']);
  return join(place, name);
};

const build = (...words: string[]) => store.ok(['build', '-q', ...words]);

describe('the context of a build', () => {
  it('gives the same image as a directory and as an archive, however that is compressed or comes', async () => {
    const wanted = await build(context);
    for (const [name, option] of [
      ['plain.tar', '-cf'],
      ['context.tgz', '-czf'],
      ['context.txz', '-cJf'],
    ] as const)
      expect(await build(archive(name, option))).toBe(wanted);
    const bytes = readFileSync(join(place, 'context.tgz'));
    const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      expect(await build(`http://127.0.0.1:${port}/context.tgz`)).toBe(wanted);
    } finally {
      server.close();
    }
  });

  it('is empty for a Dockerfile on standard input, or the directory that is named beside it', async () => {
    const alone = await store.ok(['build', '-q', '-'], { input: 'FROM scratch\nENV A=b\n' });
    expect(JSON.parse(await store.ok(['image', 'inspect', alone]))[0].Config.Env).toContain('A=b');
    const beside = await store.ok(['build', '-q', '-f', '-', context], { input: DOCKERFILE });
    expect(beside).toBe(await build(context));
    const missing = await store.skiff(['build', '-'], { input: 'FROM scratch\nCOPY name /\n' });
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('name')]);
  });

  it('that does not come is waited for until Ctrl-C', async () => {
    const pipe = join(place, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const descriptor = openSync(pipe, 'r+');
    onTestFinished(() => closeSync(descriptor));
    const child = store.start(['build', '-'], { through: ['sh', '-c', `exec "$0" "$@" < ${pipe}`] });
    const tmp = join(store.root, 'tmp');
    await until(() => existsSync(tmp) && readdirSync(tmp).length > 0);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('the build was cancelled')]);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it.each([
    ['a repository', (host: string) => [`git://${host}/repo`]],
    ['a URL', (host: string) => [`http://${host}/context.tar`]],
    ['a repository that is added', (host: string) => ['-', `FROM scratch\nADD git://${host}/repo /\n`]],
    ['a URL that is added', (host: string) => ['-', `FROM scratch\nADD http://${host}/file /\n`]],
  ])(
    'from %s that never answers is waited for until Ctrl-C, which ends all that was started',
    async (_, of) => {
      const server = createTcpServer().listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const [word = '', input] = of(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      const connected = once(server, 'connection');
      const child = store.start(['build', word], input === undefined ? {} : { input });
      const [socket] = (await connected) as [Socket];
      const closed = new Promise((resolve) =>
        socket
          .on('error', () => undefined)
          .on('close', resolve)
          .resume(),
      );
      child.kill('SIGINT');
      const { exitCode, stderr } = await child;
      expect([exitCode, stderr]).toEqual([130, expect.stringContaining('the build was cancelled')]);
      await closed;
      expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
    },
  );

  it('of an archive leads nowhere out of it', async () => {
    const hostile = join(place, 'hostile');
    mkdirSync(hostile);
    symlinkSync('/etc/hostname', join(hostile, 'Dockerfile'));
    execFileSync('tar', ['-cf', join(place, 'hostile.tar'), '-C', hostile, '.']);
    const { code, stderr } = await store.skiff(['build', join(place, 'hostile.tar')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no Dockerfile in the context')]);
  });

  it.each([
    ['what is not there', ['/nowhere'], 'path "/nowhere" not found'],
    ['a file that is no archive', [join(context, 'name')], 'is neither a directory nor an archive of one'],
    ['two things on standard input', ['-f', '-', '-'], 'cannot both come from standard input'],
    ['a Dockerfile beside another', ['-f', 'Dockerfile', '-'], '-f names another'],
    ['told of in no file', ['--iidfile', join(place, 'none/id'), context], 'there is no directory'],
    ['told of without an image', ['--iidfile', 'id', '-o', place, context], 'there is no image that id'],
    ['a push without a name', ['--push', context], 'an image without a name cannot be pushed'],
  ])('cannot be %s', async (_, words, message) => {
    const { code, stderr } = await store.skiff(['build', ...words], { input: DOCKERFILE });
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(message)]);
    expect(code).not.toBe(0);
  });
});

it('what COPY --link copies is not copied again when something else is below, and is the same', async () => {
  const linked = join(place, 'linked');
  mkdirSync(linked);
  writeFileSync(
    join(linked, 'Dockerfile'),
    'FROM scratch\nCOPY name /\nCOPY --link file /a/\nCOPY file /b\n',
  );
  writeFileSync(join(linked, 'file'), 'linked');
  const built = async (name: string) => {
    writeFileSync(join(linked, 'name'), name);
    const { stderr } = await store.skiff(['build', '--progress', 'plain', '-t', name, linked]);
    const layers = await store.ok(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', name]);
    return { stderr, layers: JSON.parse(layers) };
  };
  const [first, second] = [await built('first'), await built('second')];
  const cached = [...second.stderr.matchAll(/^#(\d+) \[(\d)\/3\]/gm)].map(([, task, step]) => [
    step,
    second.stderr.includes(`#${task} CACHED\n`),
  ]);
  expect(cached).toEqual([
    ['1', false],
    ['2', true],
    ['3', false],
  ]);
  expect(second.layers[0]).not.toBe(first.layers[0]);
  expect(second.layers[1]).toBe(first.layers[1]);
  // Whose archive is read of its files, which have to be the very same.
  await store.ok(['save', '-o', join(place, 'linked.tar'), 'second']);
});

describe('the output of a build', () => {
  const images = () => store.ok(['images', '-aq']);

  it('is its files, in a directory or as tar, and then no image', async () => {
    const before = await images();
    const out = join(place, 'out');
    expect(await build('-o', out, context)).toBe('');
    expect(readdirSync(join(out, 'x')).sort()).toEqual(['file', 'name']);
    expect(statSync(join(out, 'x/name')).mode & 0o7777).toBe(0o640);
    await build('--output', `type=tar,dest=${join(place, 'out.tar')}`, context);
    const names = execFileSync('tar', ['-tf', join(place, 'out.tar')], { encoding: 'utf8' });
    expect(names.split('\n').filter((name) => name !== '')).toEqual(['./', 'x/', 'x/file', 'x/name']);
    expect(await images()).toBe(before);
  });

  it('is an archive with the image and its name, which the store does not keep', async () => {
    const label = ['--label', 'archived=yes'];
    const labelled = [...label, '-t', 'team/archived:1'];
    const before = await images();
    const file = join(place, 'image.tar');
    await build(...labelled, '-o', `type=docker,dest=${file}`, context);
    await build(...labelled, '-o', `type=oci,tar=false,dest=${join(place, 'layout')}`, context);
    expect(await images()).toBe(before);
    expect(await store.ok(['load', '-q', '-i', file])).toBe('Loaded image: team/archived:1');
    // What is pushed has the same digest there.
    const pushed = `${inject('busybox').reference.split('/')[0]}/built/archived:1`;
    const metadata = join(place, 'metadata.json');
    const id = await build(...label, '-t', pushed, '--push', '--metadata-file', metadata, context);
    expect((await store.ok(['images', '-q', '--no-trunc', pushed])).trim()).toBe(id);
    const { manifests } = JSON.parse(readFileSync(join(place, 'layout/index.json'), 'utf8'));
    const { digest } = manifests[0];
    expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({
      'containerimage.config.digest': id,
      'containerimage.digest': digest,
      'containerimage.descriptor': { digest, platform: { os: 'linux' } },
      'image.name': pushed,
    });
    expect(await store.ok(['image', 'inspect', '-f', '{{json .RepoDigests}}', pushed])).toBe(
      JSON.stringify([`${pushed.slice(0, -2)}@${digest}`]),
    );
  });
});
