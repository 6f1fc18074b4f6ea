import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../../src/runtime/seccomp/build.ts';
import { builtinProfile } from '../../../../src/runtime/seccomp/default-profile.ts';
import { KERNEL_STEPS } from '../../../../src/runtime/seccomp/program.ts';
import { abisOf, type Machine } from '../../../../src/runtime/seccomp/syscalls.ts';
import { runFilter } from '../../../helpers/classic-bpf.ts';

const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const DEFAULT =
  `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT
  KILL AUDIT_WRITE`.split(/\s+/);

/** What Docker's documentation and profile leave out of a default container on x86_64, EPERM. */
const DENIED = `_sysctl acct add_key afs_syscall bpf clock_settime create_module delete_module fanotify_init
  finit_module fsconfig fsmount fsopen fspick get_kernel_syms get_mempolicy getpmsg init_module io_uring_enter
  io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie
  lsm_get_self_attr lsm_list_modules lsm_set_self_attr mbind migrate_pages mount mount_setattr move_mount
  move_pages nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise putpmsg
  query_module quotactl quotactl_fd reboot request_key security set_mempolicy set_mempolicy_home_node setdomainname
  sethostname setns settimeofday swapoff swapon sysfs syslog tuxcall umount2 unshare uprobe uselib userfaultfd ustat
  vhangup vserver`.split(/\s+/);

/** What one capability more allows of it. */
const GAINED: Readonly<Record<string, string>> = {
  DAC_READ_SEARCH: 'open_by_handle_at',
  SYS_ADMIN: `bpf clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
    sethostname setns syslog umount2 unshare`,
  SYS_BOOT: 'reboot',
  SYS_MODULE: 'delete_module finit_module init_module',
  SYS_PACCT: 'acct',
  SYS_PTRACE: 'kcmp pidfd_getfd process_madvise',
  SYS_RAWIO: 'ioperm iopl',
  SYS_TIME: 'clock_settime settimeofday',
  SYS_TTY_CONFIG: 'vhangup',
  SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  SYSLOG: 'syslog',
  BPF: 'bpf',
  PERFMON: 'perf_event_open',
};

interface Container {
  capabilities?: readonly string[];
  machine?: Machine;
  kernel?: string;
}

/** The answer for a call by its name, through the machine's own ABI or another one. */
function asker({ capabilities = DEFAULT, machine = 'x64', kernel = '6.18' }: Container = {}) {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const { program } = buildProgram('builtin', {
    capabilities: capabilities.map((name) => `CAP_${name}`),
    architecture: machine,
    kernel: { major, minor },
  });
  return (name: string, args: readonly bigint[] = [], abi = 0) => {
    const { table, audit } = abisOf(machine)[abi] ?? abisOf(machine)[0];
    return runFilter(program, { number: table.get(name) ?? Number.NaN, arch: audit, args });
  };
}

const x64Names = [...abisOf('x64')[0].table.keys()];

function namesWith(answer: number, ask: ReturnType<typeof asker>): string[] {
  return x64Names.filter((name) => ask(name) === answer).sort();
}

describe('the default profile', () => {
  it('denies a default container what Docker denies, and nothing else', () => {
    expect(namesWith(EPERM, asker())).toEqual([...DENIED].sort());
    expect(namesWith(ENOSYS, asker())).toEqual(['clone3', 'file_getattr', 'file_setattr', 'open_tree_attr']);
  });

  it.each(Object.entries(GAINED))('allows with CAP_%s besides: %s', (capability, names) => {
    const before = namesWith(ALLOW, asker());
    const gained = namesWith(ALLOW, asker({ capabilities: [...DEFAULT, capability] }));
    expect(gained.filter((name) => !before.includes(name))).toEqual(names.split(/\s+/).sort());
    expect(before.filter((name) => !gained.includes(name))).toEqual([]);
  });

  it('denies chroot without CAP_SYS_CHROOT', () => {
    expect(asker()('chroot')).toBe(ALLOW);
    expect(asker({ capabilities: [] })('chroot')).toBe(EPERM);
  });

  it('allows tracing since Linux 4.8, and with CAP_SYS_PTRACE before', () => {
    for (const name of ['ptrace', 'process_vm_readv', 'process_vm_writev']) {
      expect(asker({ kernel: '4.8' })(name)).toBe(ALLOW);
      expect(asker({ kernel: '4.7' })(name)).toBe(EPERM);
      expect(asker({ kernel: '3.19', capabilities: ['SYS_PTRACE'] })(name)).toBe(ALLOW);
    }
  });

  it('allows a clone that makes no namespaces', () => {
    const flags = { newns: 0x20000n, newcgroup: 0x2000000n, newuts: 0x4000000n, newuser: 0x10000000n };
    const ask = asker();
    const administrator = asker({ capabilities: ['SYS_ADMIN'] });
    for (const flag of [...Object.values(flags), 0x8000000n, 0x20000000n, 0x40000000n]) {
      expect(ask('clone', [flag | 17n])).toBe(EPERM);
      expect(administrator('clone', [flag | 17n])).toBe(ALLOW);
    }
    expect(ask('clone', [0x1200011n])).toBe(ALLOW);
    expect(ask('clone', [0x80n | (1n << 40n)])).toBe(ALLOW);
  });

  it('allows sockets of known address families, but not AF_ALG and AF_VSOCK', () => {
    const ask = asker();
    const denied = Array.from({ length: 64 }, (_, family) => family).filter(
      (family) => ask('socket', [BigInt(family)]) !== ALLOW,
    );
    expect(denied).toEqual([
      12,
      19,
      20,
      23,
      25,
      34,
      37,
      38,
      40,
      ...Array.from({ length: 18 }, (_, n) => 46 + n),
    ]);
    expect(ask('socket', [1n << 32n])).toBe(EPERM);
  });

  it('allows the usual personalities', () => {
    const ask = asker();
    for (const value of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn])
      expect(ask('personality', [value])).toBe(ALLOW);
    for (const value of [1n, 0x40000n, 0x400000n, 0x20009n]) expect(ask('personality', [value])).toBe(EPERM);
  });

  it('looks at the family of i386 sockets, too, but for socketcall, which keeps it in memory', () => {
    const ask = asker();
    for (const family of [38n, 40n]) expect(ask('socket', [family], 1)).toBe(EPERM);
    expect(ask('socket', [2n], 1)).toBe(ALLOW);
    const SYS_SOCKET = 1n;
    expect(ask('socketcall', [SYS_SOCKET], 1)).toBe(ALLOW);
  });

  it('knows the other ABIs of x86_64', () => {
    const ask = asker();
    for (const abi of [1, 2]) {
      expect(ask('read', [], abi)).toBe(ALLOW);
      expect(ask('mount', [], abi)).toBe(EPERM);
      expect(ask('clone3', [], abi)).toBe(ENOSYS);
    }
    expect(ask('umount', [], 1)).toBe(EPERM);
    expect(ask('modify_ldt', [], 1)).toBe(ALLOW);
  });

  it('knows arm64 and its 32-bit ABI', () => {
    const ask = asker({ machine: 'arm64' });
    expect(ask('openat')).toBe(ALLOW);
    expect(ask('mount')).toBe(EPERM);
    expect(ask('clone3')).toBe(ENOSYS);
    for (const name of ['set_tls', 'cacheflush', 'breakpoint', 'arm_fadvise64_64', 'sync_file_range2']) {
      expect(ask(name, [], 1)).toBe(ALLOW);
    }
    expect(ask('usr26', [], 1)).toBe(EPERM);
  });

  it('depends on no kernel but those that the name of the program tells apart', () => {
    const needed = builtinProfile().syscalls.flatMap(({ includes, excludes }) => [
      ...(includes.minKernel ? [includes.minKernel] : []),
      ...(excludes.minKernel ? [excludes.minKernel] : []),
    ]);
    expect(needed.length).toBeGreaterThan(0);
    expect(KERNEL_STEPS).toEqual(expect.arrayContaining(needed));
  });
});
