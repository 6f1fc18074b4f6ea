import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useImageMaker } from '../helpers/made-images.ts';
import { namesIn, useStore } from '../helpers/skiff.ts';
import { describeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);
const images = useImageMaker(store);

const run = (options: readonly string[], script: string) =>
  store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', script]);
const volumes = async (...filters: string[]) =>
  (await store.ok(['volume', 'ls', '-q', ...filters.flatMap((filter) => ['-f', filter])]))
    .split('\n')
    .filter((line) => line !== '');
const directory = (name: string) => join(store.root, 'volumes', name);
const trash = () => namesIn(join(store.root, 'trash'));

describe('a named volume', () => {
  it('keeps what containers write, over containers, restarts and forced removals', async () => {
    await run(['-v', 'kept:/data'], 'echo one >/data/file');
    await store.ok([
      'run',
      '-d',
      '--name',
      'db',
      '-v',
      'kept:/srv',
      busybox,
      'sh',
      '-c',
      'echo two >>/srv/file; sync; sleep 1000',
    ]);
    await until(() => readFileSync(join(directory('kept'), 'file'), 'utf8') === 'one\ntwo\n');
    await store.ok(['restart', '-t', '0', 'db']);
    await store.ok(['rm', '-fv', 'db']);
    expect(await run(['-v', 'kept:/data:ro'], 'cat /data/file; touch /data/x 2>&1 || true')).toMatch(
      /^one\ntwo\n(two\n)?touch: .*Read-only/,
    );
    expect(await volumes('name=kept')).toEqual(['kept']);
  });

  it('begins with what the image has there', async () => {
    expect(await run(['-v', 'conf:/etc'], 'ls /etc; cat /etc/passwd')).toContain('passwd');
    expect(readdirSync(directory('conf'))).toContain('passwd');
    await store.ok(['volume', 'create', 'none']);
    expect(await run(['-v', 'none:/etc:nocopy'], 'ls /etc/passwd 2>&1 || true')).toContain('No such file');
  });

  it('cannot be removed while a container has it, and says which', async () => {
    const id = await store.ok(['create', '--name', 'user', '-v', 'used:/x', busybox, 'true']);
    expect(await store.skiff(['volume', 'rm', 'used'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`remove used: volume is in use - [${id}]`),
    });
    expect(await store.skiff(['volume', 'rm', '-f', 'used'])).toMatchObject({ code: 1 });
    await store.ok(['volume', 'prune', '-af']);
    await store.ok(['volume', 'rename', 'used', 'renamed']);
    await store.ok(['start', '-a', 'user']);
    expect(
      await store.ok(['inspect', '-f', '{{(index .Mounts 0).Name}} {{(index .Mounts 0).Source}}', 'user']),
    ).toBe(`renamed ${directory('renamed')}`);
    await store.ok(['rm', '-v', 'user']);
    await store.ok(['volume', 'rm', 'renamed']);
    expect(existsSync(directory('renamed'))).toBe(false);
  });

  it('has no name before it is filled, whoever is killed over it', async () => {
    const lowest = readdirSync(join(store.root, 'layers')).find((name) =>
      existsSync(join(store.root, 'layers', name, 'bin')),
    );
    const many = join(store.root, 'layers', lowest ?? '', 'many');
    mkdirSync(many);
    for (let index = 0; index < 20_000; index += 1) writeFileSync(join(many, `file-${index}`), '');
    const running = store.start(['create', '-v', 'half:/many', busybox, 'true']);
    const drafts = () =>
      namesIn(join(store.root, 'tmp')).flatMap((name) => namesIn(join(store.root, 'tmp', name, 'tree')));
    await until(() => drafts().length > 100);
    running.kill('SIGKILL');
    await running.catch(() => {});
    expect(await volumes('name=half')).toEqual([]);
    expect(namesIn(join(store.root, 'volumes'))).not.toContain('half');
    await store.ok(['create', '--name', 'whole', '-v', 'half:/many', busybox, 'true']);
    expect(readdirSync(directory('half'))).toHaveLength(20_000);
    execFileSync('rm', ['-r', many]);
    await store.ok(['rm', 'whole']);
    await store.ok(['volume', 'rm', 'half']);
  });

  it('has events: made, had by a container, had no more, removed', async () => {
    await run(['-v', 'told:/data:ro'], 'true');
    await store.ok(['volume', 'rm', 'told']);
    const format = '{{.Action}} {{.Actor.Attributes.destination}} {{index .Actor.Attributes "read/write"}}';
    const filters = ['--filter', 'type=volume', '--filter', 'volume=told', '--since', '1h', '--until', '0s'];
    const told = await store.ok(['events', ...filters, '--format', format]);
    expect(told.split('\n').map((line) => line.replaceAll('<no value>', '').trim())).toEqual([
      'create',
      'mount /data false',
      'unmount',
      'destroy',
    ]);
  });

  it('shows a container with ids of its own the owners that it has given', async () => {
    const maps = ['--uidmap', '0:300000:70000', '--gidmap', '0:300000:70000'];
    await run([...maps, '-v', 'mapped:/data', '-u', '33:44'], 'id -u');
    await run(
      [...maps, '-v', 'mapped:/data'],
      'touch /data/root; touch /data/other; chown 33:44 /data/other',
    );
    const owners = 'stat -c "%n %u:%g" /data/*';
    const inside = await run([...maps, '-v', 'mapped:/data'], owners);
    expect(inside).toBe('/data/other 33:44\n/data/root 0:0');
  });
});

describe('export and import', () => {
  it('carry all that is in a volume to another one, entry by entry', async () => {
    const make = [
      'mkdir -p /data/d/e; echo a >/data/a; ln /data/a /data/d/b; ln -s /etc/passwd /data/link; mkfifo /data/fifo',
      'chown 7:8 /data/a /data/d; chmod 4711 /data/a; chmod 1777 /data/d; touch -d @1 /data/d/e',
      'dd if=/dev/zero of=/data/holes bs=1 count=0 seek=50000000 2>/dev/null',
      'chown 70:71 /data; chmod 750 /data; touch -d @5 /data',
    ];
    await run(['-v', 'from:/data'], make.join(';'));
    for (const path of ['a', '.'])
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', join(directory('from'), path)]);
    // What is made in it would inherit this: user::rwx, user:34:r, group::r-x, mask::rwx, other::r-x.
    const acl = '0x0200000001000700ffffffff020004002200000004000500ffffffff10000700ffffffff20000500ffffffff';
    execFileSync('setfattr', ['-n', 'system.posix_acl_default', '-v', acl, directory('from')]);
    execFileSync('touch', ['-d', '@5.25', directory('from')]);
    const archive = join(store.root, 'archive.tar');
    await store.ok(['volume', 'export', '-o', archive, 'from']);
    await store.ok(['volume', 'create', 'to']);
    await store.ok(['volume', 'import', 'to', archive]);
    expect(describeTree(directory('to'))).toEqual(describeTree(directory('from')));
    writeFileSync(join(directory('to'), 'more'), '');
    await store.ok(['volume', 'import', 'to'], { through: ['sh', '-c', `gzip -c ${archive} | "$@"`, 'sh'] });
    expect(readdirSync(directory('to'))).toEqual(['a', 'd', 'fifo', 'holes', 'link', 'more']);
    execFileSync('rm', [archive]);
    const refused = await store.skiff(['volume', 'export', '-o', archive, 'nope']);
    expect([refused.code, existsSync(archive)]).toEqual([1, false]);
    await store.ok(['volume', 'rm', 'from', 'to']);
  });
});

describe('an anonymous volume', () => {
  it('goes with the container at rm -v and run --rm, not at rm, and a named one never', async () => {
    const before = await volumes();
    const both = ['-v', '/anonymous', '-v', 'named:/named'];
    await run(both, 'touch /anonymous/x /named/x');
    // Gone with the command itself, also for those who run nothing else.
    expect(namesIn(join(store.root, 'volumes')).filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
    expect(trash()).toEqual([]);
    expect(await volumes()).toEqual([...before, 'named'].sort());
    await store.ok(['create', '--name', 'one', ...both, busybox, 'true']);
    await store.ok(['rm', '-v', 'one']);
    expect(await volumes()).toEqual([...before, 'named'].sort());
    await store.ok(['create', '--name', 'one', ...both, busybox, 'true']);
    await store.ok(['rm', 'one']);
    const [left, ...others] = await volumes('dangling=true', 'label=com.docker.volume.anonymous');
    expect([left, others]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), []]);
    expect(await store.ok(['volume', 'prune', '-f'])).toContain(`Deleted Volumes:\n${left}`);
    expect(await volumes()).toEqual([...before, 'named'].sort());
    expect(trash()).toEqual([]);
  });

  it('of a container that could not be started, or not be made, is gone', async () => {
    const before = await volumes();
    expect(await store.skiff(['run', '--rm', '-v', '/anonymous', busybox, '/no/such'])).toMatchObject({
      code: 127,
    });
    await store.ok(['create', '--name', 'taken', busybox, 'true']);
    const refused = await store.skiff(['create', '--name', 'taken', '-v', '/anonymous', busybox, 'true']);
    expect(refused.code).toBe(125);
    await store.ok(['rm', 'taken']);
    expect(await volumes()).toEqual(before);
  });
});

describe('a VOLUME of the image', () => {
  it('is an anonymous volume with what the image has there, which others may take over', async () => {
    const image = await images.make(
      'declares',
      (tree) => {
        tree.directory('srv', { mode: 0o750, owner: 70, group: 71 });
        tree.file('srv/first', 'of the image\n', { owner: 70 });
      },
      { Volumes: { '/srv': {} } },
    );
    const look = 'cat /srv/first; stat -c "%u:%g %a" /srv; grep -c " /srv " /proc/mounts';
    expect(await store.ok(['run', '--rm', image, 'sh', '-c', look])).toBe('of the image\n70:71 750\n1');
    await store.ok(['create', '--name', 'owner', image, 'true']);
    const [name = ''] = await volumes('label=com.docker.volume.anonymous');
    await run(['--volumes-from', 'owner'], 'echo taken >/srv/second');
    expect(readdirSync(directory(name))).toEqual(['first', 'second']);
    await store.ok(['create', '--name', 'taker', '--volumes-from', 'owner', busybox, 'true']);
    await store.ok(['rm', '-v', 'owner']);
    expect(await volumes('label=com.docker.volume.anonymous')).toEqual([name]);
    await store.ok(['rm', '-v', 'taker']);
    expect(await volumes('label=com.docker.volume.anonymous')).toEqual([]);
    await store.ok(['run', '--rm', '-v', 'instead:/srv', image, 'true']);
    expect(await volumes('label=com.docker.volume.anonymous')).toEqual([]);
    await store.ok(['volume', 'rm', 'instead']);
  });
});

describe('a volume with options', () => {
  it('shows a directory of the host, as mount(8) would', async () => {
    const device = join(store.root, 'device');
    mkdirSync(device);
    writeFileSync(join(device, 'file'), 'of the host\n');
    await store.ok([
      'volume',
      'create',
      '-o',
      'type=none',
      '-o',
      `device=${device}`,
      '-o',
      'o=bind,ro,noexec',
      'shown',
    ]);
    const script = 'cat /data/file; touch /data/x 2>&1; grep -o " /data [^ ]* [^ ]*" /proc/mounts';
    expect(await run(['-v', 'shown:/data'], script)).toMatch(
      /^of the host\ntouch: .*Read-only.*\n .*ro,.*noexec/,
    );
    execFileSync('rm', ['-r', device]);
    const refused = await store.skiff(['run', '--rm', '-v', 'shown:/data', busybox, 'true']);
    expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining(device) });
    await store.ok(['volume', 'rm', 'shown']);
  });
});

describe('a volume that is a file system', () => {
  /** Mounts of a namespace of the test's own are seen by nobody else. */
  const mounts = (name: string) =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(` ${directory(name)} `)).length;
  const create = (name: string, o: string) =>
    store.ok(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', `o=${o}`, name]);

  it('is mounted with the first container that needs it, shared, and unmounted with the last', async () => {
    await create('shared', 'size=1m,uid=5,nosuid');
    await store.ok(['run', '-d', '--name', 'first', '-v', 'shared:/a', busybox, 'sleep', '1000']);
    await store.ok(['run', '-d', '--name', 'second', '-v', 'shared:/b', busybox, 'sleep', '1000']);
    await store.ok(['exec', 'first', 'sh', '-c', 'echo here >/a/file']);
    expect(await store.ok(['exec', 'second', 'sh', '-c', 'cat /b/file; grep " /b " /proc/mounts'])).toMatch(
      /^here\ntmpfs \/b tmpfs .*nosuid.*size=1024k,uid=5/,
    );
    await store.ok(['rm', '-f', 'first']);
    expect(mounts('shared')).toBe(1);
    expect(await run(['-v', 'shared:/c'], 'cat /c/file')).toBe('here');
    await store.ok(['restart', '-t', '0', 'second']);
    await store.ok(['rm', '-f', 'second']);
    expect(mounts('shared')).toBe(0);
    expect(await run(['-v', 'shared:/c'], 'ls /c')).toBe('');
    await store.ok(['volume', 'rm', 'shared']);
  });

  it('has the owners of its containers, whatever their ids are on the host', async () => {
    await create('owned', 'size=1m,mode=1777');
    const maps = (first: number) => ['--uidmap', `0:${first}:70000`, '--gidmap', `0:${first}:70000`];
    const keeper = [
      'run',
      '-d',
      '--name',
      'keeper',
      ...maps(300_000),
      '-v',
      'owned:/a',
      busybox,
      'sleep',
      '1000',
    ];
    await store.ok(keeper);
    await store.ok(['exec', 'keeper', 'sh', '-c', 'touch /a/root /a/other; chown 33:44 /a/other']);
    const owners = 'stat -c "%n %u:%g" /a/*';
    for (const options of [maps(400_000), []])
      expect(await run([...options, '-v', 'owned:/a'], owners)).toBe('/a/other 33:44\n/a/root 0:0');
    await store.ok(['rm', '-f', 'keeper']);
    await store.ok(['volume', 'rm', 'owned']);
  });

  it('is unmounted by whoever looks when its monitors were killed', async () => {
    await create('orphan', 'size=1m');
    const id = await store.ok(['run', '-d', '--name', 'killed', '-v', 'orphan:/a', busybox, 'sleep', '1000']);
    const [, pid] = /^monitor (\d+) /m.exec(readFileSync(join(store.runRoot, id, 'state'), 'utf8')) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    await store.ok(['rm', '-f', 'killed']);
    expect(mounts('orphan')).toBe(0);
    await store.ok(['volume', 'rm', 'orphan']);
  });

  it('is exported and imported as it is on disk while no container that is up has it, and seen by nobody', async () => {
    const parts = join(store.root, 'parts');
    for (const part of ['lower', 'upper', 'work', 'own']) mkdirSync(join(parts, part), { recursive: true });
    writeFileSync(join(parts, 'lower', 'file'), 'below');
    const o = `lowerdir=${parts}/lower,upperdir=${parts}/upper,workdir=${parts}/work`;
    await store.ok([
      'volume',
      'create',
      '-o',
      'type=overlay',
      '-o',
      'device=overlay',
      '-o',
      `o=${o}`,
      'disk',
    ]);
    const archive = join(parts, 'archive.tar');
    const listed = () => execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
    await store.ok(['volume', 'export', '-o', archive, 'disk']);
    expect(listed()).toEqual(['./', 'file']);
    // A container that names it and does not run is no reason to look elsewhere.
    await store.ok(['create', '--name', 'idle', '-v', 'disk:/a', busybox, 'sleep', '1000']);
    writeFileSync(join(parts, 'own', 'more'), 'brought');
    execFileSync('tar', ['-cf', archive, '-C', join(parts, 'own'), '.']);
    await store.ok(['volume', 'import', 'disk', archive]);
    expect([mounts('disk'), readdirSync(directory('disk'))]).toEqual([0, []]);
    expect(readFileSync(join(parts, 'upper', 'more'), 'utf8')).toBe('brought');
    await store.ok(['start', 'idle']);
    await store.ok(['exec', 'idle', 'touch', '/a/running']);
    await store.ok(['volume', 'export', '-o', archive, 'disk']);
    expect(listed().sort()).toEqual(['./', 'file', 'more', 'running']);
    await store.ok(['rm', '-f', 'idle']);
    await store.ok(['volume', 'rm', 'disk']);
    await create('memory', 'size=1m');
    const refused = await store.skiff(['volume', 'export', '-o', archive, 'memory']);
    expect(refused.stderr).toContain('the volume memory is in memory, and no container that is up has it');
    await store.ok(['volume', 'rm', 'memory']);
  });

  it('that cannot be mounted is said so, and nothing is left', async () => {
    await create('odd', 'size=1m,nonsense=1');
    const refused = await store.skiff(['run', '--rm', '-v', 'odd:/a', busybox, 'true']);
    expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining(`the volume odd`) });
    expect(mounts('odd')).toBe(0);
    await store.ok(['volume', 'rm', 'odd']);
  });
});
