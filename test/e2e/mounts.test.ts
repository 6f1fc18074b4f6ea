import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const directory = mkdtempSync(join(tmpdir(), 'skiff-mounts-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A directory of the host with a file in it. */
function made(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  writeFileSync(join(path, 'file'), `of ${name}`);
  return path;
}

const run = (options: readonly string[], script: string) =>
  store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', script]);

describe('-v with a path of the host', () => {
  it('shows a directory, or a file, which the container can write', async () => {
    const data = made('data');
    const options = ['-v', `${data}:/srv`, '-v', `${data}/file:/etc/one/file`];
    expect(await run(options, 'cat /srv/file /etc/one/file; echo new > /srv/new')).toBe('of dataof data');
    expect(readFileSync(join(data, 'new'), 'utf8')).toBe('new\n');
  });

  it('mounts parents first, whatever the order of the command line', async () => {
    const [outer, inner] = [made('outer'), made('inner')];
    const options = ['-v', `${inner}:/x/y/z`, '-v', `${outer}:/x`, '--tmpfs', '/x/y'];
    expect(await run(options, 'cat /x/file /x/y/z/file; touch /x/y/in-memory')).toBe('of outerof inner');
    expect(existsSync(join(outer, 'y/in-memory'))).toBe(false);
  });

  it('can be read-only, with all that is mounted below it unless that is not wanted', async () => {
    const top = made('top');
    mkdirSync(join(top, 'below'));
    const mounted = ['unshare', '--mount', 'sh', '-c'];
    const script = `mount -t tmpfs below ${top}/below && exec "$@"`;
    const through = [...mounted, script, 'sh'];
    const tries = 'touch /t/a 2>/dev/null || echo top; touch /t/below/a 2>/dev/null || echo below';
    const closed = (options: readonly string[]) =>
      store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', tries], { through });
    const fields = `type=bind,src=${top},dst=/t,ro`;
    expect(await closed(['-v', `${top}:/t:ro`])).toBe('top\nbelow');
    expect(await closed(['--mount', `${fields},bind-recursive=writable`])).toBe('top');
    expect(await closed(['--mount', `${fields},bind-recursive=disabled`])).toBe('top\nbelow');
  });

  it('makes a source that is missing a directory, as --mount does not', async () => {
    const missing = join(directory, 'not', 'there');
    const refused = await store.skiff(['run', '--mount', `type=bind,src=${missing},dst=/x`, busybox, 'true']);
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toContain(`bind source path does not exist: ${missing}`);
    await run(['-v', `${missing}:/x`], 'touch /x/made');
    expect(existsSync(join(missing, 'made'))).toBe(true);
    expect(statSync(missing).mode & 0o7777).toBe(0o755);
  });

  it('takes the place of what the engine has there', async () => {
    const data = made('hosts');
    const options = ['-v', `${data}/file:/etc/hosts`, '-v', `${data}:/dev/shm`];
    expect(await run(options, 'cat /etc/hosts /dev/shm/file')).toBe('of hostsof hosts');
  });
});

describe('a bind that shares mounts with the host', () => {
  const shared = (script: string) => [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
  ];

  it('hears of mounts of the host with rslave, and of nothing without', async () => {
    const place = made('slave');
    mkdirSync(join(place, 'later'));
    // The place is a shared mount; what runs beside the container mounts something there when it is up.
    const script = `mount --bind ${place} ${place} && mount --make-shared ${place} && {
      "$@" & until [ -e ${place}/up ]; do :; done; mount -t tmpfs later ${place}/later;
      touch ${place}/later/seen ${place}/mounted; wait; }`;
    const wait = 'touch /s/up; until [ -e /s/mounted ]; do :; done; ls /s/later; rm /s/up /s/mounted';
    const see = (options: string) =>
      store.ok(['run', '--rm', '-v', `${place}:/s${options}`, busybox, 'sh', '-c', wait], {
        through: shared(script),
      });
    expect(await see(':rslave')).toBe('seen');
    expect(await see('')).toBe('');
  });

  it('shows the host what a privileged container mounts with rshared, and needs a shared mount', async () => {
    const place = made('shared');
    mkdirSync(join(place, 'inner'));
    const make = [
      '--privileged',
      '-v',
      `${place}:/s:rshared`,
      busybox,
      'mount',
      '-t',
      'tmpfs',
      'x',
      '/s/inner',
    ];
    const script = `mount --bind ${place} ${place} && mount --make-shared ${place} && "$@" && grep -c ${place}/inner /proc/self/mounts`;
    expect(await store.ok(['run', '--rm', ...make], { through: shared(script) })).toBe('1');
    const alone = `mount --bind ${place} ${place} && mount --make-private ${place} && exec "$@"`;
    const refused = await store.skiff(['run', '--rm', ...make], { through: shared(alone) });
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain(`path ${place} is mounted on ${place} but it is not a shared mount`);
  });
});

describe('a source that is called like a file', () => {
  it('is made a directory when it is missing, and a remark says so', async () => {
    const missing = join(directory, 'config.yml');
    const { code, stderr } = await store.skiff(['run', '--rm', '-v', `${missing}:/c`, busybox, 'true']);
    expect([code, stderr]).toEqual([
      0,
      `skiff: ${missing} was not there: it is made a directory, although it is called like a file\n`,
    ]);
    const quiet = await store.skiff(['run', '--rm', '-v', `${missing}:/c`, busybox, 'true']);
    expect([quiet.code, quiet.stderr]).toEqual([0, '']);
  });
});

describe('a container with mounts', () => {
  it('has them again after a restart, shows them, and is found by them', async () => {
    const data = made('kept');
    const options = [
      '-v',
      `${data}:/srv:ro`,
      '-v',
      `${data}:/over:O`,
      '--mount',
      'type=tmpfs,dst=/m,tmpfs-size=1m',
    ];
    const script = 'cat /over/file; echo x >> /over/file';
    await store.ok(['create', '--name', 'kept', ...options, busybox, 'sh', '-c', script]);
    expect(await store.ok(['start', '-a', 'kept'])).toBe('of kept');
    expect(await store.ok(['start', '-a', 'kept'])).toBe('of keptx');
    const [shown] = JSON.parse(await store.ok(['inspect', 'kept']));
    expect(shown.HostConfig.Binds).toEqual([`${data}:/srv:ro`, `${data}:/over:O`]);
    expect(shown.Mounts).toMatchObject([
      { Type: 'bind', Source: data, Destination: '/srv', Mode: 'ro', RW: false },
      { Type: 'bind', Source: data, Destination: '/over' },
      { Type: 'tmpfs', Destination: '/m' },
    ]);
    const listed = [
      'ps',
      '-a',
      '--no-trunc',
      '--filter',
      'volume=/srv',
      '--format',
      '{{.Names}} {{.Mounts}}',
    ];
    expect(await store.ok(listed)).toBe(`kept ${data},${data},`);
    expect(readFileSync(join(data, 'file'), 'utf8')).toBe('of kept');
    await store.ok(['rm', 'kept']);
  });

  it('keeps the image that it mounts', async () => {
    await store.ok(['pull', '-q', busybox]);
    await store.ok(['create', '--name', 'mounting', '--mount', `type=image,src=${busybox},dst=/i`, 'hello']);
    const { code, stderr } = await store.skiff(['rmi', '--force', busybox]);
    expect(code).toBe(1);
    expect(stderr).toContain('is used by stopped container mounting');
    await store.ok(['rm', 'mounting']);
  });

  it('can have the devices of the host', async () => {
    expect(await run(['-v', '/dev:/dev', '--privileged'], 'ls -d /dev/pts/ptmx /dev/null')).toBe(
      '/dev/null\n/dev/pts/ptmx',
    );
  });
});

describe('an overlay on a directory of the host', () => {
  it('takes what the container writes, and goes with it', async () => {
    const data = made('lower');
    expect(await run(['-v', `${data}:/o:O`], 'echo mine > /o/file; cat /o/file; rm /o/file; ls /o')).toBe(
      'mine',
    );
    expect(execFileSync('ls', [data], { encoding: 'utf8' })).toBe('file\n');
    expect(readFileSync(join(data, 'file'), 'utf8')).toBe('of lower');
  });
});

describe('a container with a user namespace', () => {
  const user = ['--uidmap', '0:100000:65536'];

  it('has binds as they are, and through its id maps', async () => {
    const data = made('mapped');
    const options = [...user, '-v', `${data}:/plain`, '-v', `${data}:/mapped:idmap`];
    const owners = await run(options, 'stat -c %u /plain/file /mapped/file');
    expect(owners).toBe('65534\n0');
  });

  it('can be given a directory, and mounts images', async () => {
    const data = made('given');
    const options = [
      ...user,
      '--user',
      '7:8',
      '-v',
      `${data}:/d:U`,
      '--mount',
      `type=image,src=${busybox},dst=/i`,
    ];
    expect(await run(options, 'touch /d/new; stat -c %u:%g /d /d/file; stat -c %u /i/bin')).toBe(
      '7:8\n7:8\n0',
    );
    expect(statSync(join(data, 'file'))).toMatchObject({ uid: 100007, gid: 100008 });
  });
});
