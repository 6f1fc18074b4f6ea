import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abisOf } from '../../src/runtime/seccomp/syscalls.ts';
import { attachedFilter } from '../helpers/attached-filter.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { runFilter } from '../helpers/classic-bpf.ts';
import { printed, useStore } from '../helpers/skiff.ts';

/**
 * What Docker documents, or has in its sources of fact (moby: daemon/pkg/oci/defaults.go, caps/defaults.go,
 * oci_linux.go; runc: libcontainer/specconv), beside what a default container of skiff really has. That the builtin
 * profile is Docker's, and that filters mean what profiles say, is in seccomp.test.ts and the unit tests.
 */

const store = useStore();
const busybox = useBusybox(store);

/** Everything about one container, read from inside at once. */
let inside: Record<string, string>;
let pid: number;

const PROBES: Readonly<Record<string, string>> = {
  status: 'cat /proc/1/status',
  mounts: 'cat /proc/1/mountinfo',
  limits: 'cat /proc/1/limits',
  environment: 'tr "\\0" "\\n" < /proc/1/environ',
  umask: 'umask',
  oom: 'cat /proc/1/oom_score_adj',
  session: 'cut -d" " -f5,6,7 /proc/1/stat',
  devices:
    'cd /dev; find . -type c -o -type b | while read f; do stat -c "%n %F %t:%T %a %u:%g" $f; done | sort',
  deviceLinks: 'cd /dev; for f in *; do [ -L $f ] && echo "$f $(readlink $f)"; done',
  devDirectories: 'cd /dev; stat -c "%n %a" . pts shm mqueue',
  masked:
    'for p in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do [ -e $p ] && echo $p $(head -c 9 $p | wc -c); done',
  emptied:
    'for p in /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do [ -d $p ] && echo $p $(ls $p | wc -l); done',
  writable:
    'for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger /sys /sys/fs/cgroup; do [ -e $p ] && grep " $p " /proc/self/mountinfo | cut -d" " -f5,6; done',
  sysctls: 'cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range',
  interfaces: 'ls /sys/class/net',
  hostname: 'hostname',
  identity: 'id',
  directory: 'pwd',
  rules: 'cat /sys/fs/cgroup/devices/devices.list 2>/dev/null',
  opened: 'for n in null zero full random urandom tty; do (: < /dev/$n) 2>&1 && echo $n; done',
};

beforeAll(async () => {
  const script = Object.entries(PROBES).map(([name, line]) => `echo "=== ${name}"; (${line}) 2>&1`);
  const child = store.start([
    'run',
    '--name',
    'default',
    busybox,
    'sh',
    '-c',
    `${script.join('\n')}\necho "=== end"; exec sleep 600`,
  ]);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  await printed(child, '=== end');
  inside = Object.fromEntries(
    text
      .split(/^=== /m)
      .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1).trimEnd()]),
  );
  [{ pid }] = JSON.parse(await store.ok(['inspect', 'default'])).map(
    (container: { State: { Pid: number } }) => ({ pid: container.State.Pid }),
  );
});
afterAll(() => store.ok(['rm', '-f', 'default']));

/** A field of /proc/PID/status. */
const status = (name: string): string | undefined =>
  new RegExp(`^${name}:\\t(.*)$`, 'm').exec(inside['status'] ?? '')?.[1];

describe('capabilities of a default container', () => {
  // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP
  const FOURTEEN = '00000000a80425fb';

  it.each([
    ['CapBnd', FOURTEEN],
    ['CapPrm', FOURTEEN],
    ['CapEff', FOURTEEN],
    ['CapInh', '0000000000000000'],
    ['CapAmb', '0000000000000000'],
  ])('%s is %s', (set, mask) => {
    expect(status(set)).toBe(mask);
  });
});

describe('confinement of a default container', () => {
  it.each([
    ['a seccomp filter is attached', 'Seccomp', '2'],
    ['it is one program', 'Seccomp_filters', '1'],
    ['new privileges can be gained through set-uid programs', 'NoNewPrivs', '0'],
  ])('%s', (_, field, value) => {
    expect(status(field)).toBe(value);
  });

  it('is no more likely to be killed for memory, and no less', () => {
    expect(inside['oom']).toBe('0');
  });

  it('has 0022 as its mask of modes', () => {
    expect(inside['umask']).toBe('0022');
  });

  it('leads a session of its own without a terminal', () => {
    expect(inside['session']).toBe('1 1 0');
  });
});

describe('the filter attached to a default container', () => {
  /** The profile for this container as other runtimes find it in its bundle (config-linux.md, "Seccomp"). */
  let profile: { defaultAction: string; syscalls: ProfileRule[] };
  let program: Uint8Array;
  const [{ table }] = abisOf('x64');

  beforeAll(async () => {
    const [{ Id }] = JSON.parse(await store.ok(['inspect', 'default']));
    const config = JSON.parse(readFileSync(join(store.root, 'containers', Id, 'config.json'), 'utf8'));
    profile = config.linux.seccomp;
    program = attachedFilter(pid);
  });

  it('answers every system call of the architecture as the profile says', () => {
    const answers = [...table].map(([name, number]) => [
      name,
      runFilter(program, { number, arch: AUDIT_ARCH }),
    ]);
    expect(answers).toEqual([...table.keys()].map((name) => [name, expected(name)]));
    expect(answers.length).toBeGreaterThan(370);
  });

  it('pretends that calls do not exist which came later than the latest one that the profile names', () => {
    expect(runFilter(program, { number: 600, arch: AUDIT_ARCH })).toBe(ERRNO | ENOSYS);
  });

  it('lets none of these through', () => {
    const refused =
      'mount umount2 pivot_root unshare setns bpf kexec_load init_module reboot swapon keyctl userfaultfd';
    for (const name of refused.split(' ')) expect(expected(name), name).not.toBe(ALLOW);
  });

  /** As runc has it (libcontainer/seccomp/patchbpf): programs take EPERM for a decision, ENOSYS for an old kernel. */
  function latest(): number {
    return Math.max(...profile.syscalls.flatMap(({ names }) => names).map((name) => table.get(name) ?? 0));
  }

  /** Of a call whose arguments are all zero; the first rule that fits decides. */
  function expected(name: string): number {
    const fits = ({ op, value, valueTwo = 0 }: ProfileArgument): boolean =>
      ({
        SCMP_CMP_EQ: value === 0,
        SCMP_CMP_NE: value !== 0,
        SCMP_CMP_LT: value > 0,
        SCMP_CMP_LE: value >= 0,
        SCMP_CMP_GT: value < 0,
        SCMP_CMP_GE: value <= 0,
        SCMP_CMP_MASKED_EQ: valueTwo === 0,
      })[op] ?? false;
    const rule = profile.syscalls.find(({ names, args = [] }) => names.includes(name) && args.every(fits));
    if (rule === undefined) return ERRNO | ((table.get(name) ?? 0) > latest() ? ENOSYS : EPERM);
    if (rule.action === 'SCMP_ACT_ALLOW') return ALLOW;
    return ERRNO | (rule.errnoRet ?? EPERM);
  }
});

/** Answers of seccomp(2), and errno. */
const ALLOW = 0x7fff0000;
const ERRNO = 0x50000;
const EPERM = 1;
const ENOSYS = 38;
/** AUDIT_ARCH_X86_64. */
const AUDIT_ARCH = 0xc000003e;

interface ProfileRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: ProfileArgument[];
}

interface ProfileArgument {
  index: number;
  value: number;
  valueTwo?: number;
  op: string;
}

describe('namespaces of a default container', () => {
  it.each(['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'])('%s is its own', (name) => {
    expect(readlinkSync(`/proc/${pid}/ns/${name}`)).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
  });

  it.each(['user', 'time'])('%s is the host’s', (name) => {
    expect(readlinkSync(`/proc/${pid}/ns/${name}`)).toBe(readlinkSync(`/proc/self/ns/${name}`));
  });

  it('shows no process but its own', () => {
    expect(status('NSpid') ?? status('Pid')).toBe('1');
  });
});

describe('mounts of a default container', () => {
  /** Point, then the words that must be among the options; those of the file system after a colon. */
  it.each([
    ['/', 'overlay', ['rw', 'relatime'], ['nosuid', 'nodev', 'noexec']],
    ['/proc', 'proc', ['rw', 'nosuid', 'nodev', 'noexec'], []],
    ['/dev', 'tmpfs', ['rw', 'nosuid', 'size=65536k', 'mode=755'], ['noexec', 'nodev', 'relatime']],
    ['/dev/pts', 'devpts', ['rw', 'nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666'], ['nodev']],
    ['/sys', 'sysfs', ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ['/sys/fs/cgroup', undefined, ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ['/dev/mqueue', 'mqueue', ['rw', 'nosuid', 'nodev', 'noexec'], []],
    ['/dev/shm', 'tmpfs', ['rw', 'nosuid', 'nodev', 'noexec', 'size=65536k'], []],
    ['/etc/resolv.conf', undefined, ['rw', 'relatime'], []],
    ['/etc/hostname', undefined, ['rw', 'relatime'], []],
    ['/etc/hosts', undefined, ['rw', 'relatime'], []],
    ['/proc/bus', 'proc', ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ['/proc/fs', 'proc', ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ['/proc/irq', 'proc', ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ['/proc/sys', 'proc', ['ro', 'nosuid', 'nodev', 'noexec'], []],
    ...(existsSync('/proc/sysrq-trigger')
      ? [['/proc/sysrq-trigger', 'proc', ['ro', 'nosuid', 'nodev', 'noexec'], []]]
      : []),
  ] as [string, string | undefined, string[], string[]][])('%s', (point, type, present, absent) => {
    const mount = mountAt(point);
    if (type !== undefined) expect(mount.type).toBe(type);
    expect(mount.options).toEqual(expect.arrayContaining(present));
    for (const word of absent) expect(mount.options).not.toContain(word);
  });

  it('are private: nothing goes to the host or comes from there', () => {
    expect(inside['mounts']).not.toMatch(/ (shared|master):\d+/);
  });

  it('are no others', () => {
    const points = (inside['mounts'] ?? '').split('\n').map((line) => line.split(' ')[4] ?? '');
    const others = points.filter(
      (point) =>
        !/^\/(proc|sys)(\/|$)/.test(point) &&
        ![
          '/',
          '/dev',
          '/dev/pts',
          '/dev/mqueue',
          '/dev/shm',
          '/etc/resolv.conf',
          '/etc/hostname',
          '/etc/hosts',
        ].includes(point),
    );
    expect(others).toEqual([]);
  });

  it('tell nothing of the host’s paths', () => {
    const overlay = mountAt('/');
    expect(overlay.options.join()).not.toContain(store.root);
  });

  function mountAt(point: string): { type: string; options: string[] } {
    const line = (inside['mounts'] ?? '').split('\n').findLast((text) => text.split(' ')[4] === point);
    expect(line, `a mount at ${point}`).toBeDefined();
    const [front = '', back = ''] = (line ?? '').split(' - ');
    const [type = '', , superOptions = ''] = back.split(' ');
    // A file system that is writable may be mounted read-only: what the mount says comes first.
    const own = (front.split(' ')[5] ?? '').split(',');
    return {
      type,
      options: [...own, ...superOptions.split(',').filter((word) => word !== 'rw' && word !== 'ro')],
    };
  }
});

describe('paths of a default container that tell about the host', () => {
  it('are empty files', () => {
    for (const line of (inside['masked'] ?? '').split('\n')) expect(line).toMatch(/ 0$/);
    expect(inside['masked']).toContain('/proc/keys');
  });

  it('are empty directories', () => {
    for (const line of (inside['emptied'] ?? '').split('\n')) expect(line).toMatch(/ 0$/);
    expect(inside['emptied']).toContain('/sys/firmware');
  });

  it('cannot be written', () => {
    const lines = (inside['writable'] ?? '').split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(line).toMatch(/ ro,/);
  });
});

describe('devices of a default container', () => {
  it('are those of the runtime spec, for everybody', () => {
    expect((inside['devices'] ?? '').split('\n')).toEqual([
      './full character special file 1:7 666 0:0',
      './null character special file 1:3 666 0:0',
      './pts/ptmx character special file 5:2 666 0:0',
      './random character special file 1:8 666 0:0',
      './tty character special file 5:0 666 0:0',
      './urandom character special file 1:9 666 0:0',
      './zero character special file 1:5 666 0:0',
    ]);
  });

  it('have the links of the runtime spec', () => {
    expect((inside['deviceLinks'] ?? '').split('\n')).toEqual([
      'core /proc/kcore',
      'fd /proc/self/fd',
      'ptmx pts/ptmx',
      'stderr /proc/self/fd/2',
      'stdin /proc/self/fd/0',
      'stdout /proc/self/fd/1',
    ]);
  });

  it('lie in directories with the usual modes', () => {
    expect(inside['devDirectories']).toBe('. 755\npts 755\nshm 1777\nmqueue 1777');
  });

  it('can be opened, but for the terminal that is not there', () => {
    expect(inside['opened']).toMatch(/^null\nzero\nfull\nrandom\nurandom\n/);
  });

  it.runIf(hasDevicesController())('are all that the devices cgroup allows, besides making nodes', () => {
    const rules = (inside['rules'] ?? '')
      .split('\n')
      .map((line) => line.trim())
      .sort();
    expect(rules).toEqual(
      [
        'b *:* m',
        'c *:* m',
        'c 1:3 rwm',
        'c 1:5 rwm',
        'c 1:7 rwm',
        'c 1:8 rwm',
        'c 1:9 rwm',
        'c 136:* rwm',
        'c 5:0 rwm',
        'c 5:1 rwm',
        'c 5:2 rwm',
      ].sort(),
    );
  });

  function hasDevicesController(): boolean {
    return /^cgroup \S+ cgroup \S*\bdevices\b/m.test(readFileSync('/proc/mounts', 'utf8'));
  }
});

describe('the rest of a default container', () => {
  it('lets any user bind low ports and ping', () => {
    expect((inside['sysctls'] ?? '').split(/\s+/)).toEqual(['0', '0', '2147483647']);
  });

  it('has only loopback with --network none', () => {
    expect(inside['interfaces']).toBe('lo');
  });

  it('is called by the first twelve digits of its id', async () => {
    const [{ Id }] = JSON.parse(await store.ok(['inspect', 'default']));
    expect(inside['hostname']).toBe(Id.slice(0, 12));
  });

  it('has Docker’s environment', async () => {
    const entries = (inside['environment'] ?? '').split('\n').sort();
    expect(entries).toEqual([`HOME=/root`, `HOSTNAME=${inside['hostname']}`, 'PATH=/bin']);
  });

  it('runs as root with root’s group, in /', () => {
    expect(inside['identity']).toMatch(/^uid=0\(root\) gid=0\(root\)/);
    expect(inside['directory']).toBe('/');
  });

  it('may open as many files as systemd gives services, as far as the engine itself may', () => {
    const own = Number(/^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(inside['limits'] ?? '') ?? [];
    expect([Number(soft), Number(hard)]).toEqual([Math.min(1024, own), Math.min(524_288, own)]);
  });

  it('has the engine’s own limits otherwise', () => {
    const others = (text: string) =>
      text.split('\n').filter((line) => /^Max/.test(line) && !/open files/.test(line));
    expect(others(inside['limits'] ?? '')).toEqual(
      others(readFileSync('/proc/self/limits', 'utf8').trimEnd()),
    );
  });
});
