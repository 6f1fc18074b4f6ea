import { describe, expect, it } from 'vitest';
import { lockedInodes, probeRights } from '../../../src/host/probe.ts';
import { probeFileSystem } from '../../../src/host/probe-file-system.ts';
import { probeKernel } from '../../../src/host/probe-kernel.ts';
import { looksOf } from './looks.ts';

describe('a look at the rights', () => {
  it('reads the effective capabilities, all 41 of them', () => {
    const { capabilities, root } = probeRights(
      looksOf({ '/proc/self/status': 'CapEff:\t000001ffffffffff\n' }),
    );
    expect(capabilities).toBe((1n << 41n) - 1n);
    expect(root).toBe(true);
  });

  it('sees that ids are mapped, and that the whole of them is no user namespace', () => {
    const inside = (map: string) => probeRights(looksOf({ '/proc/self/uid_map': map })).inUserNamespace;
    expect(inside('         0          0 4294967295\n')).toBe(false);
    expect(inside('         0       1000          1\n')).toBe(true);
  });

  it('knows containers by the marks that engines leave in them', () => {
    const around = (files: Record<string, string>) => probeRights(looksOf(files)).container;
    expect(around({})).toBeUndefined();
    expect(around({ '/.dockerenv': '' })).toBe('docker');
    expect(around({ '/run/.containerenv': '' })).toBe('podman');
    expect(around({ '/proc/1/environ': 'PATH=/bin\0container=lxc\0' })).toBe('lxc');
  });
});

describe('a look at the kernel', () => {
  const RELEASE = { '/proc/sys/kernel/osrelease': '6.1.0-1-amd64\n' };

  it('counts the namespaces that may be made', () => {
    const { namespaces } = probeKernel(
      looksOf({
        '/proc/self/ns/mnt': '',
        '/proc/self/ns/user': '',
        '/proc/self/ns/pid_for_children': '',
        '/proc/sys/user/max_user_namespaces': '0\n',
      }),
    );
    expect(namespaces).toEqual(
      new Map([
        ['mnt', Number.POSITIVE_INFINITY],
        ['user', 0],
      ]),
    );
  });

  it('takes a file system for there when its module can be loaded', () => {
    const overlay = (files: Record<string, string>) => probeKernel(looksOf({ ...RELEASE, ...files })).overlay;
    expect(overlay({})).toBe(false);
    expect(overlay({ '/proc/filesystems': 'nodev\tsysfs\nnodev\toverlay\n' })).toBe(true);
    const listed = 'kernel/fs/overlayfs/overlay.ko.xz: kernel/lib/a.ko\n';
    expect(overlay({ '/lib/modules/6.1.0-1-amd64/modules.dep': listed })).toBe(true);
  });

  it('tells nftables in the kernel from a module', () => {
    const nftables = (files: Record<string, string>) =>
      probeKernel(looksOf({ ...RELEASE, ...files })).nftables;
    expect(nftables({})).toBeUndefined();
    expect(nftables({ '/sys/module/nf_tables/refcnt': '1' })).toBe('loaded');
    expect(nftables({ '/proc/config.gz': 'CONFIG_NETFILTER=y\nCONFIG_NF_TABLES=y\n' })).toBe('loaded');
    expect(nftables({ '/proc/config.gz': '# CONFIG_NF_TABLES is not set\n' })).toBeUndefined();
    expect(
      nftables({ '/lib/modules/6.1.0-1-amd64/modules.dep': 'kernel/net/netfilter/nf_tables.ko:\n' }),
    ).toBe('module');
  });
});

describe('a look at a file system', () => {
  const mountinfo = [
    '1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '2 1 0:30 / /var rw,nosuid - xfs /dev/sdb rw',
    '3 2 0:31 / /var/lib ro - tmpfs tmpfs rw',
    '4 2 0:32 / /var/lib rw,noexec - overlay overlay rw',
  ].join('\n');

  it('finds the one that a path is on, and of several mounted there the last', () => {
    const looks = looksOf({ '/proc/self/mountinfo': mountinfo });
    expect(probeFileSystem(looks, '/variety')).toMatchObject({ mountPoint: '/', type: 'ext4' });
    expect(probeFileSystem(looks, '/var/x')).toMatchObject({ mountPoint: '/var', type: 'xfs' });
    const store = probeFileSystem(looks, '/var/lib/skiff');
    expect(store).toMatchObject({ mountPoint: '/var/lib', type: 'overlay' });
    expect(store?.options).toContain('noexec');
  });

  it('measures the space where a path is going to be', () => {
    const space = (path: string) => (path === '/var' ? { free: 1, total: 2 } : undefined);
    const looks = looksOf({ '/proc/self/mountinfo': mountinfo }, { space });
    expect(probeFileSystem(looks, '/var/a/b')).toMatchObject({ free: 1, total: 2 });
  });
});

describe('a look at the locks', () => {
  it('finds the files that somebody holds', () => {
    const locks =
      '1: FLOCK  ADVISORY  WRITE 3568 fe:00:1050 0 EOF\n2: POSIX  ADVISORY  READ 9 00:2a:77 128 128\n';
    expect(lockedInodes(looksOf({ '/proc/locks': locks }))).toEqual(new Set(['1050', '77']));
  });
});
