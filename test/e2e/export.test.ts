import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { HOSTILE, HOSTILE_BASE } from '../helpers/hostile-tree.ts';
import { useTerminals } from '../helpers/pty.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
const terminals = useTerminals();

const place = mkdtempSync(join(tmpdir(), 'skiff-export-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
afterEach(async () => {
  const ids = await store.ok(['ps', '-aq']);
  if (ids !== '') await store.ok(['rm', '-f', ...ids.split('\n')]);
});

let files = 0;
const newFile = () => join(place, `file-${files++}`);

async function exported(name: string): Promise<Buffer> {
  const file = newFile();
  await store.ok(['export', '-o', file, name]);
  return readFileSync(file);
}

const list = (archive: Buffer) =>
  execFileSync('tar', ['-t'], { input: archive, encoding: 'utf8' }).split('\n').filter(Boolean);

const state = async () => [
  await store.ok(['images', '-aq', '--no-trunc']),
  readdirSync(join(store.root, 'layers')).sort(),
  readdirSync(join(store.root, 'blobs/sha256')).sort(),
];

describe('export', () => {
  it('writes what a container has, running or not, without what is mounted in it', async () => {
    await store.ok([
      'run',
      '-d',
      '--name',
      'it',
      '--tmpfs',
      '/mounted',
      busybox,
      'sh',
      '-c',
      'echo 1 > /mounted/x; sleep 1000',
    ]);
    const running = await exported('it');
    expect(list(running)).toEqual(expect.arrayContaining(['./', 'mounted/', 'proc/', 'etc/hosts']));
    expect(list(running).filter((name) => /^(proc|mounted|dev|sys)\/./.test(name))).toEqual([]);
    await store.ok(['stop', '-t', '0', 'it']);
    expect((await exported('it')).equals(running)).toBe(true);
    const { stdout } = await store.start(['export', 'it'], {
      through: ['sh', '-c', '"$@" | sha256sum', 'sh'],
    });
    expect(stdout).toContain(execFileSync('sha256sum', { input: running, encoding: 'utf8' }).split(' ')[0]);
  });

  it('makes a file that is whole or not there, for its owner alone', async () => {
    await store.ok(['create', '--name', 'it', busybox]);
    const directory = join(place, 'out');
    mkdirSync(directory);
    const file = join(directory, 'it.tar');
    writeFileSync(file, 'before');
    chmodSync(file, 0o644);
    const { code } = await store.skiff(['export', '-o', file, 'nobody']);
    expect(code).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('before');
    await store.ok(['export', '-o', file, 'it']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['it.tar']);
    for (const [output, message] of [
      [directory, 'it is no regular file'],
      ['/dev/full', 'it is no regular file'],
      [join(directory, 'none/it.tar'), 'no such file or directory'],
    ] as const) {
      const { stderr } = await store.skiff(['export', '-o', output, 'it']);
      expect(stderr).toContain(message);
    }
    const full = await store.skiff(['export', 'it'], { through: ['sh', '-c', '"$@" > /dev/full', 'sh'] });
    expect(full).toMatchObject({ code: 125, stderr: expect.stringContaining('no space left on device') });
  });

  it('does not write to a terminal', async () => {
    await store.ok(['create', '--name', 'it', busybox]);
    const terminal = terminals.open([...COMMAND, '--root', store.root, 'export', 'it']);
    await terminal.shows('cowardly refusing to save to a terminal');
  });
});

describe('import', () => {
  it('makes an image of what was exported, in which everything is as it was', async () => {
    const id = await store.ok(['create', '--name', 'it', busybox, 'true']);
    const script = `${HOSTILE_BASE}; ${HOSTILE}`;
    execFileSync('sh', ['-ec', script], { cwd: join(store.root, 'containers', id, 'upper') });
    const archive = await exported('it');
    const file = newFile();
    writeFileSync(file, archive);
    const image = await store.ok([
      'import',
      '-m',
      'from it',
      '-c',
      'CMD ["cat", "/behind/file"]',
      file,
      'flat:1',
    ]);
    await store.ok(['create', '--name', 'again', 'flat:1']);
    // The root of a container that was just made is new; everything else is the same byte for byte.
    const withoutRoot = (bytes: Buffer) => bytes.subarray(2048);
    expect(withoutRoot(await exported('again')).equals(withoutRoot(archive))).toBe(true);
    expect(await store.ok(['run', '--rm', 'flat:1'])).toBe('5');
    const [shown] = JSON.parse(await store.ok(['image', 'inspect', 'flat:1']));
    const digest = execFileSync('sha256sum', { input: archive, encoding: 'utf8' }).split(' ')[0];
    expect(shown).toMatchObject({
      Id: image,
      Comment: 'from it',
      Architecture: expect.any(String),
      RootFS: { Type: 'layers', Layers: [`sha256:${digest}`] },
    });
    const events = await store.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'event=import']);
    expect(events).toContain(`image import ${image}`);
  });

  it.each(['cat', 'gzip', 'bzip2', 'xz', 'zstd'])(
    'takes what %s writes, from a file, standard input and a URL',
    async (program) => {
      await store.ok(['create', '--name', 'it', busybox, 'true']);
      const archive = await exported('it');
      const packed = execFileSync(program, { input: archive, maxBuffer: 1 << 30 });
      const file = newFile();
      writeFileSync(file, packed);
      const server = createServer((request, response) => {
        if (request.url === '/moved') response.writeHead(302, { location: '/archive' }).end();
        else response.writeHead(request.url === '/archive' ? 200 : 404).end(packed);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const diffID = `sha256:${execFileSync('sha256sum', { input: archive, encoding: 'utf8' }).split(' ')[0]}`;
      const piped = { through: ['sh', '-c', `"$@" < ${file}`, 'sh'] };
      for (const id of [
        await store.ok(['import', file]),
        await store.ok(['import', '-'], piped),
        await store.ok(['import', `${url}/moved`]),
      ]) {
        const [image] = JSON.parse(await store.ok(['image', 'inspect', id]));
        expect(image.RootFS.Layers).toEqual([diffID]);
      }
      const missing = await store.skiff(['import', `${url}/none`]);
      expect(missing).toMatchObject({ code: 125, stderr: expect.stringContaining('status 404') });
    },
  );

  it('tells of what an archive holds and the image does not, as an import into a volume does', async () => {
    const file = newFile();
    const program = `import tarfile, sys
archive = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)
for name, attributes in ('d/.wh.x', {}), ('f', {'SCHILY.xattr.com.apple.provenance': '1'}):
    entry = tarfile.TarInfo(name)
    entry.pax_headers = attributes
    archive.addfile(entry)
archive.close()`;
    execFileSync('python3', ['-c', program, file]);
    const image = await store.skiff(['import', file]);
    expect([image.code, image.stderr]).toEqual([
      0,
      'note: d/.wh.x was left out: in an image such a name says that another file is gone\n' +
        'note: the store cannot hold the extended attribute com.apple.provenance\n',
    ]);
    await store.ok(['volume', 'create', 'told']);
    const volume = await store.skiff(['volume', 'import', 'told', file]);
    expect([volume.code, volume.stderr]).toEqual([
      0,
      'note: the volume told cannot hold the extended attribute com.apple.provenance\n',
    ]);
    expect(readdirSync(join(store.root, 'volumes/told/d'))).toEqual(['.wh.x']);
    await store.ok(['volume', 'rm', 'told']);
  });

  it('refuses what is none and leaves nothing of it', async () => {
    await store.ok(['create', '--name', 'it', busybox, 'true']);
    const archive = await exported('it');
    const file = newFile();
    const before = await state();
    const broken = execFileSync('xz', { input: archive, maxBuffer: 1 << 30 });
    for (const [bytes, message, words] of [
      [archive.subarray(0, 100_000), 'cut short', []],
      [execFileSync('gzip', { input: archive }).subarray(0, 50_000), 'gzip', []],
      [broken.subarray(0, 50_000), 'the xz stream is damaged', []],
      [Buffer.from('no archive at all'), 'cut short', []],
      [archive, 'foo is not a valid change command', ['-c', 'FOO']],
      [archive, 'for windows', ['--platform', 'windows/amd64']],
    ] as const) {
      writeFileSync(file, bytes);
      const { code, stderr } = await store.skiff(['import', ...words, file]);
      expect(code, message).toBe(125);
      expect(stderr).toContain(message);
      expect(await state()).toEqual(before);
    }
    writeFileSync(file, broken);
    const without = await store.skiff(['import', file], { env: { PATH: '/nowhere' } });
    expect(without.stderr).toContain('compressed with xz, which is not installed here');
    expect((await store.skiff(['import', join(place, 'none')])).stderr).toContain('no such file');
  });
});
