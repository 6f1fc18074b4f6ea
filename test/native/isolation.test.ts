import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import {
  finished,
  HELPER,
  HELPER_IS_STATIC,
  makeLayer,
  type PlannedContainer,
  printed,
  useRoom,
} from '../helpers/plan.ts';

const room = useRoom();

/** Nothing but v2 on this machine. */
const V2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

/** What a shell line prints in a container. */
async function output(line: string, wishes: Partial<Parameters<typeof room.plan>[0]> = {}): Promise<string> {
  const { stdout, stderr, code } = await room.plan({ args: ['sh', '-c', line], ...wishes }).run();
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString().trimEnd();
}

describe('the container’s process', () => {
  it('has its three standard streams and no other descriptor', async () => {
    // The shell's own reading of the directory is the only one more.
    const left = openSync('/', 'r');
    expect((await output('cd /proc/self/fd; echo *')).split(' ')).toEqual(['0', '1', '2', '3']);
    closeSync(left);
  });

  it('is PID 1 of a session of its own, in namespaces of its own', async () => {
    expect(await output('echo $$; cut -d" " -f5,6,7 /proc/self/stat; hostname')).toBe('1\n1 1 0\nketch');
    const own = await output('for n in mnt pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done');
    for (const name of own.split('\n')) {
      expect(readlinkSync(`/proc/self/ns/${name.split(':')[0]}`)).not.toBe(name);
    }
  });

  it('has no signal blocked or ignored, and the mask that the plan says', async () => {
    const text = await output('grep -E "Sig(Blk|Ign)" /proc/self/status; umask');
    expect(text.match(/0{16}/g)).toHaveLength(2);
    expect(text).toContain('0022');
    expect(await output('umask', { process: [['umask', '0077']] })).toBe('0077');
  });

  it('has the environment of the plan, and HOME of its user', async () => {
    const wishes = {
      process: [
        ['env', 'A=b c'],
        ['user', '1000'],
      ] as PlanRecord[],
      env: { LEAK: '1' },
    };
    expect(await output('env | grep -v -e ^PWD -e ^SHLVL | sort', wishes)).toBe(
      'A=b c\nHOME=/home/harbour\nPATH=/sbin:/bin',
    );
  });

  it('has the limits of the plan', async () => {
    expect(await output('ulimit -Sn; ulimit -Hn', { process: [['rlimit', '7', '64', '128']] })).toBe(
      '64\n128',
    );
  });

  it('can open its output again as any user', async () => {
    expect(await output('echo again > /dev/stdout', { process: [['user', '1000']] })).toBe('again');
  });

  it('is in its cgroups, and sees them as the root', async () => {
    const directory = V2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
    const text = await output(`cat /proc/self/cgroup; cat ${directory}/pids.max`, { pids: 33 });
    expect(text).toMatch(V2 ? /^0::\/\n/ : /:pids:\/\n/);
    expect(text).toMatch(/\n33$/);
    expect(text).toMatch(V2 ? /^0::\/\n/ : /:memory:\/\n/);
  });

  it.runIf(existsSync('/sys/fs/cgroup/unified/cgroup.procs'))(
    'is cloned right into a v2 cgroup',
    async () => {
      const cgroup = `/sys/fs/cgroup/unified/skiff-native-${process.pid}`;
      const wishes = {
        general: [['cgroup', 'v2', cgroup]] as PlanRecord[],
        init: [['cgroup-mount', '/mnt/cgroups', 'hybrid', 'ro', 'pids', 'unified']] as PlanRecord[],
        teardown: [['rmdir-cgroup', cgroup]] as PlanRecord[],
      };
      const line = 'grep ^0:: /proc/self/cgroup; cat /mnt/cgroups/unified/cgroup.procs; ls /mnt/cgroups';
      expect(await output(line, wishes)).toMatch(/^0::\/\n1\n\d+\npids\nunified$/);
      expect(existsSync(cgroup)).toBe(false);
    },
  );

  it('cannot write to its cgroups, to /sys and to /proc/sys, nor read what is masked', async () => {
    for (const path of [...(V2 ? [] : ['/sys/fs/cgroup/pids/x']), '/sys/fs/cgroup/x', '/sys/x']) {
      expect(await output(`mkdir ${path} 2>&1 || true`)).toContain('Read-only file system');
    }
    expect(await output('(echo 1 > /proc/sys/kernel/panic) 2>&1 || true')).toContain('Read-only file system');
    expect(
      await output('cat /proc/version; ls /sys/firmware', { afterPivot: [['mask', '/proc/version']] }),
    ).toBe('');
  });

  it('sees no mount of the host', async () => {
    const mounts = await output('cat /proc/self/mounts');
    expect(mounts).not.toContain('/dev/vda');
    expect(mounts.split('\n').filter((line) => !/ \/(dev|proc|sys)(\/| )/.test(line))).toHaveLength(1);
  });

  it('has only lo, which is up', async () => {
    expect(await output('ls /sys/class/net; cat /sys/class/net/lo/flags')).toBe('lo\n0x9');
  });
});

describe('identity', () => {
  const id = async (user: string): Promise<string> =>
    output('id -u; id -g; id -G', { process: [['user', user]] });

  it('is looked up by name and number, with the groups that name the user', async () => {
    expect(await id('harbour')).toBe('1000\n1000\n1000 2000');
    expect(await id('1000')).toBe('1000\n1000\n1000 2000');
    expect(await id('0')).toBe('0\n0\n0 2000');
  });

  it('takes a group as given, without the others', async () => {
    expect(await id('harbour:sail')).toBe('1000\n2000\n2000');
    expect(await id('1000:7')).toBe('1000\n7\n7');
  });

  it('needs no entry for a number', async () => {
    expect(await id('4242')).toBe('4242\n0\n0');
    expect(await output('echo $HOME', { process: [['user', '4242']] })).toBe('/');
  });

  it('keeps the capabilities of the plan for root, and none for others', async () => {
    const sets = ['a80425fb', 'a80425fb', '0', 'a80425fb', '0'];
    const process = (user: string): PlanRecord[] => [
      ['user', user],
      ['capabilities', ...sets],
    ];
    const line = 'grep -E "Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status | cut -f2';
    const full = '00000000a80425fb';
    const none = '0000000000000000';
    expect((await output(line, { process: process('0') })).split('\n')).toEqual([
      none,
      full,
      full,
      full,
      none,
    ]);
    expect((await output(line, { process: process('1000') })).split('\n')).toEqual([
      none,
      none,
      none,
      full,
      none,
    ]);
  });

  it('gives ambient capabilities to a user, and leaves out what the helper lacks', async () => {
    const net = '0000000000000400';
    const all = 'ffffffffffffffff';
    const line = 'grep -E "Cap(Eff|Bnd|Amb)" /proc/self/status | cut -f2';
    const process: PlanRecord[] = [
      ['user', '1000'],
      ['capabilities', all, net, net, net, net],
    ];
    const host = /CapBnd:\t(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect((await output(line, { process })).split('\n')).toEqual([net, host, net]);
  });

  it('can be kept from gaining privileges', async () => {
    const line = 'grep NoNewPrivs /proc/self/status | cut -f2';
    expect(await output(line)).toBe('0');
    expect(await output(line, { process: [['no-new-privileges']] })).toBe('1');
  });
});

describe('paths of an image', () => {
  let layer: string;

  beforeAll(() => {
    layer = join(room.root, 'hostile');
    makeLayer(layer);
    mkdirSync(join(layer, 'run'));
    symlinkSync('../../../../../../run/stub', join(layer, 'etc/resolv.conf'));
    symlinkSync('/../../../tmp', join(layer, 'up'));
    symlinkSync('/etc', join(layer, 'proclink'));
    writeFileSync(join(room.root, 'source'), 'from the host');
  });

  it('bind to where a dangling symlink leads, within the root', async () => {
    const init: PlanRecord[] = [['bind', join(room.root, 'source'), '/etc/resolv.conf', 'ro,mkfile']];
    expect(await output('cat /etc/resolv.conf; readlink /etc/resolv.conf', { layer, init })).toBe(
      'from the host../../../../../../run/stub',
    );
    expect(await output('(echo x > /etc/resolv.conf) 2>&1 || true', { layer, init })).toContain('Read-only');
  });

  it('cannot lead a directory, a node or a link out of the root', async () => {
    const init: PlanRecord[] = [
      ['mount', 'tmpfs', 'tmpfs', '/up/../up/new/deep', 'mkdir', ''],
      ['symlink', '/up/link', 'x'],
      ['node', '/up/null', 'c', '1', '3', '666', '0', '0'],
    ];
    expect(await output('ls -d /tmp/new/deep /tmp/null; readlink /tmp/link', { layer, init })).toBe(
      '/tmp/new/deep\n/tmp/null\nx',
    );
  });

  it('cannot move /proc elsewhere (CVE-2019-19921)', async () => {
    const init: PlanRecord[] = [['mount', 'proc', 'proc', '/proclink', '', '']];
    const { stderr, code } = await room.plan({ args: ['true'], layer, init }).run();
    expect(stderr).toMatch(/^skiff-helper: mount: \/proclink: .*symbolic link/i);
    expect(code).toBe(125);
  });

  it('cannot make the working directory one of the host (CVE-2024-21626)', async () => {
    for (const fd of [3, 4, 5, 6, 7, 8, 9]) {
      const process: PlanRecord[] = [['cwd', `/proc/self/fd/${fd}`]];
      const { code, stdout } = await room.plan({ args: ['pwd'], process }).run();
      expect([code, stdout.toString()]).toEqual([125, '']);
    }
    expect(await output('pwd; stat -c %a .', { process: [['cwd', '/made/here']] })).toBe('/made/here\n755');
  });

  it('show a read-only root when asked', async () => {
    expect(await output('(echo x > /x) 2>&1 || true', { afterPivot: [['root-readonly']] })).toContain(
      'Read-only',
    );
  });

  it('come from any number of layers, the topmost first', async () => {
    const lowers = Array.from({ length: 120 }, (_, i) => {
      const directory = join(room.root, 'many', String(i));
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'top'), String(i));
      writeFileSync(join(directory, `only-${i}`), '');
      return directory;
    });
    for (const name of ['upper2', 'work2']) mkdirSync(join(room.root, name));
    const init: PlanRecord[] = [
      [
        'overlay',
        join(room.root, 'many'),
        join(room.root, 'upper2'),
        join(room.root, 'work2'),
        '',
        ...lowers,
        room.layer,
      ],
    ];
    expect(await output('cat /top; ls / | grep -c only', { init })).toBe('0120');
  });
});

/**
 * The attack of CVE-2019-5736: hold the file behind /proc/PID/exe while it is the helper, wait until nobody executes
 * it, and open it again for writing.
 */
describe.runIf(HELPER_IS_STATIC)('the helper’s file', () => {
  async function attack(
    seal: string,
  ): Promise<{ container: PlannedContainer; held: number; helper: string }> {
    const helper = join(room.root, `helper-${seal}`);
    copyFileSync(HELPER, helper);
    const args = ['/proc/self/exe', 'lock', '/tmp/x'];
    const container = room.plan({ args, stdin: 'open', helper, env: { SKIFF_SEAL: seal } });
    const child = container.start('attach', 'pipe');
    await printed(child, 'locked');
    const { init } = container.state;
    const inside = ['-t', String(init.pid), '-m', '-p', '--', '/bin/busybox', 'sh', '-c'];
    expect(() => execFileSync('nsenter', [...inside, ': > /proc/1/exe'], { stdio: 'pipe' })).toThrow();
    expect(() =>
      execFileSync('nsenter', [...inside, 'mount -o remount,rw,bind /proc/1/exe'], { stdio: 'pipe' }),
    ).toThrow();
    const held = openSync(`/proc/${init.pid}/exe`, 'r');
    const result = finished(child);
    child.stdin?.end();
    expect((await result).code).toBe(0);
    return { container, held, helper };
  }

  function overwrite(held: number): void {
    const fd = openSync(`/proc/self/fd/${held}`, 'r+');
    try {
      writeSync(fd, '#!/bin/sh\n');
    } finally {
      closeSync(fd);
    }
  }

  it.each([
    ['clone', 'EROFS'],
    ['memfd', 'EPERM'],
  ])('cannot be overwritten by a container whose entry point is /proc/self/exe (%s)', async (seal, code) => {
    const { held, helper } = await attack(seal);
    expect(() => overwrite(held)).toThrow(code);
    closeSync(held);
    expect(readFileSync(helper).equals(readFileSync(HELPER))).toBe(true);
    // The attack is real: the file itself, opened directly, would have taken the write.
    const direct = openSync(helper, 'r');
    overwrite(direct);
    closeSync(direct);
    expect(readFileSync(helper, 'utf8').startsWith('#!/bin/sh')).toBe(true);
  });
});
