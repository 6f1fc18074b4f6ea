import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useImageMaker } from '../helpers/made-images.ts';
import { leftovers, printed, useStore } from '../helpers/skiff.ts';

/**
 * Ways out of containers that other engines once had, tried against the executable with real images. Each would
 * succeed on an engine that does the obvious thing. Those that need a race or a broken plan are in test/native.
 */

const store = useStore();
const images = useImageMaker(store);
const busybox = useBusybox(store);

/** A file of the host that hostile links point to; nothing may ever change it. */
const VICTIM = join(tmpdir(), `skiff-victim-${process.pid}`);
beforeAll(() => writeFileSync(VICTIM, 'the host’s'));
afterAll(() => {
  const content = readFileSync(VICTIM, 'utf8');
  rmSync(VICTIM);
  expect(content).toBe('the host’s');
});

/** Runs a shell line in a container and returns everything that it says. */
async function said(line: string, options: readonly string[] = [], image = busybox): Promise<string> {
  const { stdout, stderr } = await store.skiff(['run', '--rm', ...options, image, 'sh', '-c', line]);
  return `${stdout}${stderr}`.trimEnd();
}

async function refusal(options: readonly string[], image: string): Promise<string> {
  const { code, stdout, stderr } = await store.skiff(['run', '--rm', ...options, image, 'true']);
  expect(stdout).toBe('');
  expect([125, 126], stderr).toContain(code);
  expect(leftovers(store)).toEqual([]);
  return stderr;
}

describe('CVE-2019-5736: the engine’s own program', () => {
  it('cannot be written to by way of an entry point of /proc/self/exe', async () => {
    const image = await images.make('self-exe', () => {}, { Entrypoint: ['/proc/self/exe'], Cmd: [] });
    const { code } = await store.skiff(['run', '--rm', image]);
    expect(code).not.toBe(0);
    expect(await said('echo ok')).toBe('ok');
  });

  it('cannot be written to as PID 1 of a container with --init', async () => {
    const attempts = 'true > /proc/1/exe; dd if=/bin/true of=/proc/1/exe conv=notrunc; chmod 777 /proc/1/exe';
    const text = await said(attempts, ['--init']);
    // Busy as long as it runs; read-only also afterwards, which is what counts (test/native/isolation).
    expect(text.match(/Read-only file system|Text file busy/g)).toHaveLength(3);
    expect(await said('echo ok', ['--init'])).toBe('ok');
  });
});

describe('CVE-2016-9962: the program that starts a container', () => {
  it('cannot be looked into by a container that shares its pid namespace', async () => {
    // Every process that is not the watcher's own or a command's: its root, its descriptors, its memory.
    const watch = `while :; do for p in /proc/[0-9]*; do
      case $(readlink $p/exe 2>/dev/null) in *skiff-helper*) echo "saw $p"; esac
      grep -q skiff-plan $p/maps $p/environ 2>/dev/null && echo "read $p"
    done; done`;
    await store.ok(['run', '-d', '--name', 'watcher', busybox, 'sh', '-c', watch]);
    for (let round = 0; round < 10; round++)
      await store.ok(['run', '--rm', '--pid', 'container:watcher', busybox, 'true']);
    expect(await store.ok(['logs', 'watcher'])).toBe('');
    await store.ok(['rm', '-f', 'watcher']);
  });
});

describe('CVE-2024-21626: descriptors and the working directory', () => {
  it('lead nowhere: only the three standard streams are open', async () => {
    // The third is the shell's own look at the directory.
    expect(await said('cd /proc/self/fd; echo *')).toBe('0 1 2 3');
    expect(await said('cd /proc/1/fd; echo *', ['--init'])).toMatch(/^(0 1 2)?\*?$/);
  });

  it.each([3, 4, 5, 6, 7, 8, 9, 10])('cannot be taken from /proc/self/fd/%d', async (fd) => {
    const { code, stdout } = await store.skiff([
      'run',
      '--rm',
      '-w',
      `/proc/self/fd/${fd}`,
      busybox,
      'sh',
      '-c',
      'ls ../../..',
    ]);
    expect([125, 126]).toContain(code);
    expect(stdout).toBe('');
  });

  it('cannot be taken from a link in the image either', async () => {
    const image = await images.make('cwd-link', (tree) => tree.symlink('work', '/proc/self/fd/7'), {
      WorkingDir: '/work',
    });
    expect(await refusal([], image)).toContain('/work');
  });
});

describe('CVE-2019-19921: an image with links where file systems go', () => {
  it.each(['proc', 'sys'])('is refused for /%s', async (name) => {
    const image = await images.make(`link-${name}`, (tree) => {
      tree.symlink(name, '/elsewhere');
      tree.directory('elsewhere');
    });
    expect(await refusal([], image)).toContain(`/${name}`);
  });

  it.each([
    ['--tmpfs', '/elsewhere'],
    ['-v', 'elsewhere:/elsewhere'],
    ['-v', '/proc:/elsewhere'],
  ])(
    'is refused for /proc also when something is mounted where it leads: %s %s (CVE-2023-28642)',
    async (...mount) => {
      const image = await images.make('mounted-proc', (tree) => {
        tree.symlink('proc', '/elsewhere');
        tree.directory('elsewhere/self/attr');
      });
      expect(await refusal(mount, image)).toContain('/proc');
      await store.ok(['volume', 'rm', '-f', 'elsewhere']);
    },
  );

  it('gets a /dev of its own wherever the link leads, within its root', async () => {
    const image = await images.make('link-dev', (tree) => {
      tree.symlink('dev', `../../../../..${tmpdir()}`);
    });
    const { code, stdout } = await store.skiff([
      'run',
      '--rm',
      image,
      'sh',
      '-c',
      'echo x > /dev/null; ls /dev/',
    ]);
    if (code === 0) expect(stdout).toContain('null');
    else expect(code).toBe(125);
    expect(leftovers(store)).toEqual([]);
  });
});

describe('CVE-2022-23648: volumes of an image', () => {
  it.each([
    ['whose path leads out', (secret: string) => `/a/../../../../..${secret}`, false],
    ['where a link of the image leads out', () => '/srv', true],
  ])('begin with nothing of the host, %s', async (_, path, linked) => {
    const secret = join(dirname(VICTIM), `skiff-secret-${process.pid}`);
    mkdirSync(secret);
    writeFileSync(join(secret, 'file'), 'the host’s');
    try {
      const volume = path(secret);
      const image = await images.make(
        `volume-${linked ? 'link' : 'path'}`,
        (tree) => {
          if (linked) tree.symlink('srv', `/../../../../../..${secret}`);
        },
        { Volumes: { [volume]: {} } },
      );
      for (const options of [[], ['-v', `named:${volume}`], ['--mount', `type=volume,dst=${volume}`]]) {
        const text = await said(
          `find / -xdev -name "skiff-secret-*"; cat ${secret}/file ${volume}/file`,
          options,
          image,
        );
        expect(text).not.toContain('the host');
      }
      expect(execFileSync('find', [join(store.root, 'volumes'), '-name', 'file'], { encoding: 'utf8' })).toBe(
        '',
      );
      await store.ok(['volume', 'rm', '-f', 'named']);
    } finally {
      rmSync(secret, { recursive: true });
    }
  });
});

describe('CVE-2019-14271: libraries of the container', () => {
  it('are loaded by nothing that moves files', async () => {
    const work = mkdtempSync(join(tmpdir(), 'skiff-library-'));
    const [library, marker] = [join(work, 'library.so'), join(work, 'marker')];
    try {
      const code = `#include <fcntl.h>
        __attribute__((constructor)) static void mark(void) { open("${marker}", O_CREAT | O_WRONLY, 0600); }`;
      execFileSync('cc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', library], { input: code });
      execFileSync('true', { env: { LD_PRELOAD: library } });
      expect(existsSync(marker)).toBe(true);
      rmSync(marker);
      const image = await images.make('libraries', (tree) => {
        const bytes = readFileSync(library);
        const names = ['libnss_files.so.2', 'libnss_compat.so.2', 'libc.so.6', 'ld-linux-x86-64.so.2'];
        for (const directory of [
          'lib',
          'lib64',
          'usr/lib',
          'lib/x86_64-linux-gnu',
          'usr/lib/x86_64-linux-gnu',
        ])
          for (const name of names) tree.file(`${directory}/${name}`, bytes, { mode: 0o755 });
        tree.file('etc/nsswitch.conf', 'passwd: files compat\ngroup: files compat\n');
        tree.file('etc/ld.so.preload', '/lib/libc.so.6\n');
        tree.directory(work.slice(1));
      });
      await store.ok(['create', '--name', 'libraries', '-u', 'nobody', image, 'sleep', '1000']);
      for (const start of [false, true]) {
        if (start) await store.ok(['start', 'libraries']);
        await store.ok(['cp', '-a', 'libraries:/etc/passwd', join(work, 'passwd')]);
        await store.ok(['cp', join(work, 'passwd'), 'libraries:/tmp/']);
        await store.ok(['export', '-o', join(work, 'it.tar'), 'libraries']);
        await store.ok(['cp', 'libraries:/lib/.', join(work, 'lib')]);
        await store.ok(['commit', 'libraries', 'libraries']);
      }
      expect(existsSync(marker)).toBe(false);
      expect(await store.ok(['diff', 'libraries'])).toBe('C /tmp\nA /tmp/passwd');
    } finally {
      await store.ok(['rm', '-f', 'libraries']);
      rmSync(work, { recursive: true });
    }
  });
});

describe('CVE-2025-31133: what hides files', () => {
  it('is not what an image put at /dev/null', async () => {
    const image = await images.make('null-link', (tree) => {
      tree.symlink('dev/null', '/proc/sys/kernel/core_pattern');
    });
    const text = await said(
      'ls -l /dev/null; cat /proc/kcore | wc -c; (echo x > /proc/sys/kernel/core_pattern)',
      [],
      image,
    );
    expect(text).toMatch(/^crw-rw-rw- .* 1, +3 /);
    expect(text).toContain('\n0\n');
    expect(text).toContain('Read-only file system');
  });
});

describe('CVE-2025-52565: what is mounted on devices', () => {
  it.each([
    ['without a terminal', []],
    ['with one', ['-t']],
  ])('does not follow a link of the image at /dev/console or /dev/pts, %s', async (_, options) => {
    const image = await images.make('console-link', (tree) => {
      tree.symlink('dev/console', '/proc/sys/kernel/core_pattern');
      tree.symlink('dev/pts', '/proc/sys/kernel');
    });
    const text = await said(
      'grep -c " /proc/sys/kernel" /proc/self/mountinfo; (echo x > /proc/sys/kernel/core_pattern); ls -l /dev/console',
      options,
      image,
    );
    expect(text).toMatch(/^0\r?\n/);
    expect(text).toContain('Read-only file system');
    expect(text).toMatch(options.length > 0 ? /crw--w---- .* 136, / : /No such file/);
  });
});

describe('CVE-2025-52881: what the engine writes below /proc', () => {
  it('goes to the kernel and not to a file of the image', async () => {
    const image = await images.make('fake-proc', (tree) => {
      tree.file('proc/sys/net/ipv4/ip_forward', 'fake');
      tree.file('proc/self/attr/exec', 'fake');
    });
    const options = ['--sysctl', 'net.ipv4.ip_forward=1'];
    expect(await said('cat /proc/sys/net/ipv4/ip_forward', options, image)).toBe('1');
  });
});

describe('CVE-2022-0492: release agents of cgroups', () => {
  it('cannot be reached by mounting a hierarchy in new namespaces', async () => {
    const line =
      'mkdir -p /mnt/c; unshare -Urm sh -c "mount -t cgroup -o memory none /mnt/c && echo mounted"; echo end';
    const text = await said(line);
    expect(text).toMatch(/unshare.*(Operation not permitted|Invalid argument)/i);
    expect(text).not.toContain('mounted');
  });

  it('cannot be written where hierarchies are mounted already', async () => {
    const line =
      'for f in /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent; do [ -e $f ] && echo /x > $f && echo written; done; echo end';
    expect(await said(line)).not.toContain('written');
  });
});

describe('CVE-2022-24769: capabilities', () => {
  it.each([
    ['root', []],
    ['a user', ['-u', '1000']],
    ['a container with more of them', ['--cap-add', 'NET_ADMIN']],
    ['a privileged one', ['--privileged']],
  ])('are not inheritable for %s', async (_, options) => {
    const text = await said('grep -E "Cap(Inh|Amb)" /proc/self/status', options);
    expect(text.match(/0000000000000000/g)).toHaveLength(2);
  });
});

describe('links of the image', () => {
  it.each(['etc/hosts', 'etc/resolv.conf', 'etc/hostname'])(
    'at /%s do not lead to the host',
    async (path) => {
      const before = statSync(VICTIM);
      const up = '../'.repeat(12);
      const image = await images.make(path.replaceAll(/[/.]/g, '-'), (tree) =>
        tree.symlink(path, up + VICTIM.slice(1)),
      );
      const text = await said(`cat /${path} | head -c 0; (echo hostile > /${path}); echo end`, [], image);
      expect(text).toContain('end');
      expect(statSync(VICTIM)).toEqual(before);
    },
  );

  it('at /etc/passwd are followed within the image only', async () => {
    const image = await images.make('passwd-link', (tree) => {
      rmSync(join(tree.root, 'etc/passwd'));
      tree.symlink('etc/passwd', `../../../../..${VICTIM}`);
    });
    // The host knows the user; the image does not.
    expect(readFileSync('/etc/passwd', 'utf8')).toMatch(/^daemon:/m);
    const { code, stderr } = await store.skiff(['run', '--rm', '-u', 'daemon', image, 'id']);
    expect(code).toBe(125);
    expect(stderr).toContain('daemon');
    expect(await said('id -u', ['-u', '1000'], image)).toBe('1000');
  });
});

describe('devices', () => {
  const [major, minor] = blockDevice();

  it('in an image cannot be opened', async () => {
    const image = await images.make('disk', (tree) =>
      tree.node('disk', 'b', [major, minor], { mode: 0o666 }),
    );
    expect(await said('head -c 1 /disk | wc -c', [], image)).toMatch(
      /Operation not permitted|Permission denied/,
    );
  });

  it('of a container’s own making cannot be opened', async () => {
    const text = await said(`mknod /tmp/disk b ${major} ${minor} && head -c 1 /tmp/disk`);
    expect(text).toMatch(/Operation not permitted|Permission denied/);
  });

  it('of the kernel’s memory and messages cannot be opened', async () => {
    const text = await said(
      'for n in 1 4 11; do mknod /tmp/c$n c 1 $n; head -c 1 /tmp/c$n; done 2>&1 | grep -c "not permitted\\|denied"',
    );
    expect(Number(text)).toBeGreaterThanOrEqual(3);
  });
});

describe('a container', () => {
  it.each([
    ['mounts nothing', 'mount -t tmpfs tmpfs /mnt'],
    ['loads no module', 'insmod /bin/busybox'],
    ['sets no clock', '! date -s 2000-01-01 2>&1 | grep -q "can.t set date"'],
    ['changes no host name', 'hostname other'],
    ['makes no namespaces', 'unshare -U true'],
    ['enters no namespaces', 'nsenter -t 1 -m true'],
    ['reboots nothing', 'reboot -f'],
    ['raises no priority', 'nice -n -5 true'],
    ['triggers no magic key', 'echo b > /proc/sysrq-trigger'],
    ['sets no helper for the kernel to call', 'echo /x > /sys/kernel/uevent_helper'],
    ['unmounts nothing', 'umount /proc/kcore || umount /proc/sys'],
    ['remounts nothing', 'mount -o remount,rw /proc/sys'],
    ['makes nothing immutable', 'touch /tmp/x; chattr +i /tmp/x'],
    ['traces nobody with more rights', 'cat /proc/1/mem > /dev/null 2>&1; false'],
  ])('%s', async (_, line) => {
    expect(await said(`mkdir -p /mnt; (${line}) 2>/dev/null && echo done; echo end`)).toBe('end');
  });

  it('does not see root’s keys', async () => {
    expect(await said('cat /proc/keys | wc -c')).toBe('0');
  });

  it('cannot be traced or signalled by another one', async () => {
    const child = store.start(['run', '--rm', '--name', 'quiet', busybox, 'sh', '-c', 'echo up; sleep 60']);
    await printed(child, 'up');
    expect(await said('ps | grep -c "slee[p] 60"')).toBe('0');
    await store.ok(['rm', '-f', 'quiet']);
    await child;
  });
});

/** Numbers of a block device that the host has. */
function blockDevice(): [major: number, minor: number] {
  const line = readFileSync('/proc/partitions', 'utf8').split('\n')[2] ?? '';
  const [major, minor] = line.trim().split(/\s+/).map(Number);
  return [major ?? 7, minor ?? 0];
}
