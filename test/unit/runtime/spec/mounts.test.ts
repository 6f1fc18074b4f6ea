import { describe, expect, it } from 'vitest';
import type { ContainerOptions, RuntimeBind, RuntimeMount } from '../../../../src/runtime/options.ts';
import { mountSpecs } from '../../../../src/runtime/spec/mounts.ts';
import { containerOptions, hostFacts, processOptions } from '../container-options.ts';

function mounts(files: ContainerOptions['files'] = {}, process = processOptions()) {
  return mountSpecs(containerOptions({ files, process }), hostFacts());
}

const targets = (...args: Parameters<typeof mounts>) => mounts(...args).map(({ destination }) => destination);

describe('mountSpecs', () => {
  it("are Docker's, in its order and with its options", () => {
    expect(mounts().map(({ destination, type, options }) => [destination, type, options.join()])).toEqual([
      ['/proc', 'proc', 'nosuid,noexec,nodev'],
      ['/dev', 'tmpfs', 'nosuid,strictatime,mode=755,size=65536k'],
      ['/dev/pts', 'devpts', 'nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5'],
      ['/sys', 'sysfs', 'nosuid,noexec,nodev,ro'],
      ['/sys/fs/cgroup', 'cgroup', 'nosuid,noexec,nodev,ro'],
      ['/dev/mqueue', 'mqueue', 'nosuid,noexec,nodev'],
      ['/dev/shm', 'tmpfs', 'nosuid,noexec,nodev,mode=1777,size=67108864'],
      ['/etc/resolv.conf', 'bind', 'bind,rprivate'],
      ['/etc/hostname', 'bind', 'bind,rprivate'],
      ['/etc/hosts', 'bind', 'bind,rprivate'],
    ]);
  });

  it('have places to write in memory under a read-only root when asked, where nothing else is mounted', () => {
    const files = { readOnly: true, readOnlyTmpfs: true };
    const places = (more: ContainerOptions['files'] = {}) =>
      mounts({ ...files, ...more })
        .filter(({ type, destination }) => type === 'tmpfs' && !destination.startsWith('/dev'))
        .map(({ destination, options }) => [destination, options.join()]);
    expect(places()).toEqual([
      ['/run', 'nosuid,nodev'],
      ['/tmp', 'nosuid,nodev'],
      ['/var/tmp', 'nosuid,nodev'],
    ]);
    expect(places({ tmpfs: [{ path: '/tmp/', options: ['size=1m'] }] })).toContainEqual([
      '/tmp',
      'noexec,nosuid,nodev,size=1m',
    ]);
    expect(places({ readOnlyTmpfs: false })).toEqual([]);
  });

  it('have parents before what lies below them, whatever the order of the options', () => {
    const tmpfs = ['/run/a/b', '/etc', '/run', '/run/a'].map((path) => ({ path, options: [] }));
    expect(targets({ tmpfs }, processOptions({ timeZone: 'local' })).slice(7)).toEqual([
      '/etc',
      '/run',
      '/run/a',
      '/etc/resolv.conf',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/localtime',
      '/run/a/b',
    ]);
  });

  it('let a mount of the user take the place of a default one, and of all below /dev', () => {
    const shm = mounts({ tmpfs: [{ path: '/dev/shm', options: ['size=1m'] }] });
    expect(shm.filter(({ destination }) => destination === '/dev/shm')).toEqual([
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['noexec', 'nosuid', 'nodev', 'size=1m'],
      },
    ]);
    const below = targets({ tmpfs: [{ path: '/dev', options: [] }] }).filter((path) =>
      path.startsWith('/dev'),
    );
    expect(below).toEqual(['/dev']);
  });

  it('show the time zone read-only', () => {
    expect(mounts({}, processOptions({ timeZone: 'Europe/Berlin' })).at(-1)).toEqual({
      destination: '/etc/localtime',
      type: 'bind',
      source: '/store/localtime',
      options: ['bind', 'rprivate', 'ro'],
    });
  });

  it('give /dev/shm the size that is asked for; zero is the default, as in the API of Docker', () => {
    const size = (shmSize: number) =>
      mounts({ shmSize })
        .find(({ source }) => source === 'shm')
        ?.options.at(-1);
    expect([size(4096), size(0)]).toEqual(['size=4096', 'size=67108864']);
    for (const wrong of [-1, 0.5, Number.NaN]) {
      expect(() => size(wrong)).toThrow(`the size of /dev/shm cannot be ${wrong} bytes`);
    }
  });
});

describe('mounts that are asked for', () => {
  const bind: RuntimeBind = {
    type: 'bind',
    source: '/host',
    destination: '/srv',
    readOnly: 'no',
    recursive: true,
    propagation: 'rprivate',
  };

  function specs(...asked: RuntimeMount[]) {
    return mountSpecs(containerOptions({ mounts: asked }), hostFacts());
  }

  const at = (destination: string, ...asked: RuntimeMount[]) =>
    specs(...asked).filter((mount) => mount.destination === destination);

  it.each<[Partial<RuntimeBind>, string]>([
    [{}, 'rbind,rprivate'],
    [{ recursive: false }, 'bind,rprivate'],
    [{ readOnly: 'deep' }, 'rbind,rprivate,rro'],
    [{ readOnly: 'top', propagation: 'rslave' }, 'rbind,rslave,ro'],
    [{ flags: ['nodev', 'noexec'], idMap: true }, 'rbind,rprivate,nodev,noexec,idmap'],
  ])("have the specification's words: %j", (changes, options) => {
    const [mount] = at('/srv', { ...bind, ...changes });
    expect([mount?.type, mount?.source, mount?.options.join()]).toEqual(['bind', '/host', options]);
  });

  it('show what lies below a source by its path, as nothing else is known to other runtimes', () => {
    expect(at('/srv', { ...bind, beneath: 'a/b' })[0]?.source).toBe('/host/a/b');
  });

  it('are overlays whose paths do not end where a colon is', () => {
    const writes = { upper: '/o/upper', work: '/o/work' };
    const overlay = { type: 'overlay', destination: '/srv', readOnly: false } as const;
    expect(at('/srv', { ...overlay, lowers: ['/a:b', '/c,d'] })[0]?.options).toEqual([
      'lowerdir=/a\\:b:/c\\,d',
      'ro',
    ]);
    expect(at('/srv', { ...overlay, lowers: ['/a'], writes })[0]?.options).toEqual([
      'lowerdir=/a',
      'upperdir=/o/upper',
      'workdir=/o/work',
    ]);
  });

  it('take the place of the engine’s own', () => {
    for (const destination of ['/dev/shm', '/etc/hosts', '/sys/fs/cgroup', '/proc', '/sys'])
      expect(at(destination, { ...bind, destination })).toMatchObject([{ type: 'bind', source: '/host' }]);
    const below = specs({ ...bind, destination: '/dev' }).filter(({ destination }) =>
      destination.startsWith('/dev'),
    );
    expect(below).toHaveLength(1);
  });
});
