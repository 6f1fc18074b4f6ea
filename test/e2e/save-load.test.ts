import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { type Store, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const other = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

const place = mkdtempSync(join(tmpdir(), 'skiff-save-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const at = (name: string) => join(place, name);

let id = '';
/** An image of two layers: one that was pulled, and one that was made here and has no blob. */
beforeAll(async () => {
  const write = 'echo made > /made; mkdir -p /a/b; ln /made /a/b/link; chown 7:8 /a';
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', write]);
  id = await store.ok(['commit', 'maker', 'team/app:1']);
  await store.ok(['tag', 'team/app:1', 'team/app:2']);
  await store.ok(['rm', 'maker']);
  await store.ok(['save', '-o', at('app.tar'), 'team/app:1']);
});

async function clear({ ok }: Store): Promise<void> {
  const images = await ok(['images', '-q', '--no-trunc']);
  if (images !== '') await ok(['rmi', '-f', ...new Set(images.split('\n'))]);
}

const names = async ({ ok }: Store) =>
  (await ok(['images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}', '--no-trunc'])).split('\n').sort();

const layers = async ({ ok }: Store, name: string) =>
  await ok(['image', 'inspect', '-f', '{{json .RootFS.Layers}}', name]);

describe('save and load', () => {
  it.each([
    ['plain', 'cat'],
    ['gzip', 'gzip -1'],
    ['zstd', 'zstd -1'],
    ['xz', 'xz -0'],
    ['bzip2', 'bzip2 -1'],
  ])('give the same image back from an archive that is %s', async (_, program) => {
    execFileSync('sh', ['-c', `${program} < ${at('app.tar')} > ${at('packed')}`]);
    expect(await other.ok(['load', '-q', '-i', at('packed')])).toBe('Loaded image: team/app:1');
    expect(await names(other)).toEqual([`team/app:1 ${id}`]);
    expect(await layers(other, 'team/app:1')).toBe(await layers(store, 'team/app:1'));
    const look = [
      'run',
      '--rm',
      'team/app:1',
      'sh',
      '-c',
      'cat /a/b/link; stat -c "%u %g" /a; stat -c %h /made',
    ];
    expect(await other.ok(look)).toBe('made\n7 8\n2');
    await other.ok(['save', '-o', at('again.tar'), 'team/app:1']);
    expect(readFileSync(at('again.tar')).equals(readFileSync(at('app.tar')))).toBe(true);
    await clear(other);
  });

  it('take all tags of a repository, and each image once; by its id an image comes without a name', async () => {
    await store.ok(['save', '-o', at('all.tar'), 'team/app', busybox, 'team/app:2']);
    expect((await other.ok(['load', '-q', '-i', at('all.tar')])).split('\n').sort()).toEqual(
      [`Loaded image: ${busybox}`, 'Loaded image: team/app:1', 'Loaded image: team/app:2'].sort(),
    );
    await clear(other);
    await store.ok(['image', 'save', '-o', at('id.tar'), id.slice(7, 19)]);
    expect(await other.ok(['image', 'load', '-q', '-i', at('id.tar')])).toBe(`Loaded image ID: ${id}`);
    expect(await names(other)).toEqual([`<none>:<none> ${id}`]);
    await clear(other);
  });

  it('work through a pipe, and say how it goes', async () => {
    const said = await other.ok(['load'], {
      through: ['sh', '-c', `exec "$0" "$@" < ${at('app.tar')}`],
    });
    expect(said).toMatch(/^[0-9a-f]{12}: Pull complete$/m);
    expect(said).toMatch(/\nLoaded image: team\/app:1$/);
    expect(
      await other.ok(['load'], { through: ['sh', '-c', `exec "$0" "$@" < ${at('app.tar')}`] }),
    ).toContain('Already exists');
    await clear(other);
  });

  it('end at once on Ctrl-C, also while the archive does not come', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const pipe = openSync(at('pipe'), 'r+');
    onTestFinished(() => closeSync(pipe));
    const child = other.start(['load'], { through: ['sh', '-c', `exec "$0" "$@" < ${at('pipe')}`] });
    writeSync(pipe, readFileSync(at('app.tar')).subarray(0, -4096));
    const tmp = join(other.root, 'tmp');
    await until(() => existsSync(tmp) && readdirSync(tmp).length > 0);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('loading was cancelled')]);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('tell the journal', async () => {
    const format = [
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--format',
      '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}',
    ];
    await other.ok(['load', '-q', '-i', at('app.tar')]);
    expect((await other.ok(format)).split('\n').at(-1)).toBe(`load ${id} team/app:1`);
    expect(await store.ok(format)).toContain(`save ${id} ${id}`);
    await clear(other);
  });

  it('leave no file when something is not there, and load nothing twice', async () => {
    const { code, stderr } = await store.skiff(['save', '-o', at('none.tar'), 'team/app:1', 'nothing']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no such image: nothing')]);
    expect(readdirSync(place).filter((name) => name.includes('none.tar'))).toEqual([]);
    const foreign = await store.skiff([
      'save',
      '--platform',
      'linux/arm64',
      '-o',
      at('none.tar'),
      'team/app:1',
    ]);
    expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringContaining('linux/arm64')]);
  });
});

describe('other tools', () => {
  it('read what save writes', async () => {
    const skopeo = (...args: string[]) => execFileSync('skopeo', args, { encoding: 'utf8' });
    const config = skopeo('inspect', '--raw', '--config', `docker-archive:${at('app.tar')}`);
    expect(`sha256:${createHash('sha256').update(config).digest('hex')}`).toBe(id);
    skopeo('copy', '-q', `docker-archive:${at('app.tar')}:team/app:1`, `oci:${at('copied')}:app`);
    skopeo('copy', '-q', `oci-archive:${at('app.tar')}:1`, `oci:${at('copied')}:layout`);
    await store.ok(['save', '--format', 'oci-dir', '-o', at('layout'), 'team/app']);
    execFileSync('umoci', ['unpack', '--image', `${at('layout')}:2`, at('bundle')], { stdio: 'ignore' });
    expect(readFileSync(at('bundle/rootfs/a/b/link'), 'utf8')).toBe('made\n');
    const { stderr } = await store.skiff(['save', '--format', 'oci-dir', '-o', at('layout'), 'team/app']);
    expect(stderr).toContain('is not empty');
  });

  it.each(['oci-archive', 'docker-archive', 'oci'])('write what load reads (%s)', async (kind) => {
    const target = at(`by-skopeo-${kind}`);
    const tag = kind === 'docker-archive' ? ':team/app:1' : ':team/app:1';
    execFileSync('skopeo', ['copy', '-q', `oci-archive:${at('app.tar')}:1`, `${kind}:${target}${tag}`]);
    const loaded = await other.ok(['load', '-q', '-i', target]);
    expect(loaded).toBe('Loaded image: team/app:1');
    expect(await layers(other, 'team/app:1')).toBe(await layers(store, 'team/app:1'));
    expect(await other.ok(['run', '--rm', 'team/app:1', 'cat', '/made'])).toBe('made');
    await clear(other);
  });

  it('have layers in archives that are links to those of other images', async () => {
    const directory = at('old');
    mkdirSync(directory);
    execFileSync('tar', ['-xf', at('app.tar'), '-C', directory]);
    const [image] = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
    for (const [index, layer] of image.Layers.entries()) {
      mkdirSync(join(directory, `${index}`));
      symlinkSync(`../${layer}`, join(directory, `${index}/layer.tar`));
    }
    const old = { ...image, Layers: image.Layers.map((_: string, index: number) => `${index}/layer.tar`) };
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify([old]));
    for (const name of ['index.json', 'oci-layout']) rmSync(join(directory, name));
    execFileSync('tar', ['-cf', at('old.tar'), '-C', directory, '.']);
    expect(await other.ok(['load', '-q', '-i', at('old.tar')])).toBe('Loaded image: team/app:1');
    expect(await names(other)).toEqual([`team/app:1 ${id}`]);
    await clear(other);
  });
});

/** Makes an archive of what Python's `t` gets added, `add(name, bytes)`, beside all that `app.tar` has but `without`. */
function forge(script: string, without = ''): string {
  const program = `
import io, json, re, sys, tarfile
old = tarfile.open(sys.argv[1])
t = tarfile.open(sys.argv[2], 'w')
def add(name, data=b'', **fields):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for key in fields: setattr(entry, key, fields[key])
    t.addfile(entry, io.BytesIO(data))
def document(name): return json.load(old.extractfile(name))
image = document('manifest.json')[0]
for entry in old:
    if not sys.argv[3] or not re.search(sys.argv[3], entry.name): t.addfile(entry, old.extractfile(entry))
${script}
t.close()`;
  execFileSync('python3', ['-c', program, at('app.tar'), at('forged.tar'), without]);
  return at('forged.tar');
}

describe('an image whose layers were here under other digests', () => {
  it('is saved all the same, and gives the same image', async () => {
    const skopeo = (...args: string[]) => execFileSync('skopeo', ['copy', '-q', ...args]);
    skopeo('--dest-decompress', `oci-archive:${at('app.tar')}:1`, `dir:${at('plain')}`);
    skopeo(
      '--dest-compress',
      '--dest-compress-format',
      'zstd',
      `dir:${at('plain')}`,
      `oci:${at('zstd')}:team/app:3`,
    );
    await store.ok(['load', '-q', '-i', at('zstd')]);
    const lost = JSON.parse(readFileSync(at('zstd/index.json'), 'utf8')).manifests[0].digest.slice(7);
    const { layers: blobs } = JSON.parse(readFileSync(at(`zstd/blobs/sha256/${lost}`), 'utf8'));
    for (const { digest } of blobs) rmSync(join(store.root, 'blobs/sha256', digest.slice(7)));
    await store.ok(['save', '-o', at('again.tar'), 'team/app:3']);
    expect(await other.ok(['load', '-q', '-i', at('again.tar')])).toBe('Loaded image: team/app:3');
    expect(await names(other)).toEqual([`team/app:3 ${id}`]);
    await clear(other);
    await store.ok(['rmi', 'team/app:3']);
  });
});

describe('a load that is refused', () => {
  it.each([
    ['names that lead out', "add('../outside', b'x')", '', 'leads out of it: "../outside"'],
    [
      'links that lead out',
      "add('l', type=tarfile.SYMTYPE, linkname='../../etc/passwd')",
      '',
      'leads out of it',
    ],
    [
      'absolute links to files',
      "add(image['Config'], type=tarfile.SYMTYPE, linkname='/etc/passwd')",
      'index|layout|^IMAGE',
      'does not have it',
    ],
    ['devices', "add('null', type=tarfile.CHRTYPE)", '', '"null", which is no file'],
    ['two manifests', "add('manifest.json', b'[]')", '', 'two files of the name "manifest.json"'],
    ['a config that is not there', 'pass', 'index|layout|IMAGE', 'the archive names'],
    ['no list of images', 'pass', 'index|layout|manifest', 'this is no archive of images'],
    ['an empty list', "add('manifest.json', b'[]')", 'index|layout|manifest', 'the archive has no image'],
    ['a list that is none', "add('manifest.json', b'{}')", 'index|layout|manifest', 'manifest.json'],
    [
      'a name that is none',
      "image['RepoTags'] = ['UPPER CASE']\nadd('manifest.json', json.dumps([image]).encode())",
      'index|layout|manifest',
      'UPPER CASE',
    ],
    [
      'a layout of the future',
      'add(\'oci-layout\', b\'{"imageLayoutVersion":"2.0.0"}\')',
      'oci-layout',
      'version 2.0.0',
    ],
    [
      'a manifest that has changed',
      "name = 'blobs/sha256/' + document('index.json')['manifests'][0]['digest'][7:]\nadd(name, old.extractfile(name).read() + b' ')",
      'MANIFEST',
      'is damaged in the archive',
    ],
    [
      'a layer that has changed',
      "data = bytearray(old.extractfile(image['Layers'][-1]).read()); data[600] ^= 1\nadd(image['Layers'][-1], bytes(data))",
      'LAYER',
      'has digest',
    ],
    [
      'a layer that is cut short',
      "add(image['Layers'][-1], old.extractfile(image['Layers'][-1]).read()[:-512])",
      'LAYER',
      'blob sha256:',
    ],
    ['layers that are missing', 'pass', 'LAYER', 'is not in the store'],
  ])('has %s', async (_, script, without, message) => {
    const [image] = JSON.parse(
      execFileSync('tar', ['-xOf', at('app.tar'), 'manifest.json'], { encoding: 'utf8' }),
    );
    const index = JSON.parse(
      execFileSync('tar', ['-xOf', at('app.tar'), 'index.json'], { encoding: 'utf8' }),
    );
    const pattern = without
      .replace('IMAGE', image.Config)
      .replace('LAYER', image.Layers.at(-1))
      .replace('MANIFEST', index.manifests[0].digest.slice(7));
    const { code, stderr } = await other.skiff(['load', '-i', forge(script, pattern)]);
    expect([code, stderr]).toEqual([125, expect.stringContaining(message)]);
    expect(await other.ok(['images', '-qa'])).toBe('');
    expect(readdirSync(join(other.root, 'tmp'))).toEqual([]);
  });

  it('is about a file that is not there, or of another kind', async () => {
    writeFileSync(at('text'), 'no archive at all, but long enough to be looked at'.repeat(40));
    for (const [input, message] of [
      [at('nothing'), 'no such file'],
      [at('text'), 'this is no tar archive'],
      [place, 'this is no archive of images'],
    ] as const) {
      const { code, stderr } = await other.skiff(['load', '-i', input]);
      expect([code, stderr]).toEqual([125, expect.stringContaining(message)]);
    }
  });
});
