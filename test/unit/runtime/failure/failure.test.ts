import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoName, explainFailure } from '../../../../src/runtime/failure/failure.ts';
import { isKnownStage } from '../../../../src/runtime/failure/stages.ts';

const { ENOENT, EACCES, ENOEXEC, EINVAL, EPERM, EBUSY, ENOSPC, EROFS, ENODEV, ENOMEM } = constants.errno;
const { ESRCH, EFAULT, ERANGE } = constants.errno;

function explain(stage: string, errno: number, { detail = '', command = 'app', user = '' } = {}) {
  const { error, exitCode } = explainFailure({ stage, errno, detail }, { command, user });
  return { kind: error.kind, message: error.message, hint: error.hint, exitCode };
}

describe('explainFailure', () => {
  it('says 127 for a command that PATH does not have', () => {
    expect(explain('exec', ENOENT, { detail: 'app' })).toMatchObject({
      kind: 'notFound',
      message: '"app": executable file not found in $PATH',
      exitCode: 127,
    });
  });

  it('says 127 for a path that does not exist', () => {
    const explained = explain('exec', ENOENT, { detail: '/x/app', command: '/x/app' });
    expect(explained).toMatchObject({ message: '"/x/app": no such file or directory', exitCode: 127 });
  });

  it('names the command whose interpreter is missing', () => {
    expect(explain('exec-interpreter', ENOENT, { detail: '/usr/bin/app' })).toMatchObject({
      message: '"app": the interpreter or dynamic loader of /usr/bin/app was not found',
      exitCode: 127,
    });
  });

  it.each([
    [EACCES, '"app": permission denied'],
    [ENOEXEC, '"app": exec format error'],
    [constants.errno.EISDIR, '"app": is a directory'],
    [constants.errno.ETXTBSY, '"app": text file busy'],
  ])('says 126 for a command that cannot be executed (errno %i)', (errno, message) => {
    expect(explain('exec', errno, { detail: '/bin/app' })).toMatchObject({ message, exitCode: 126 });
  });

  it('blames the working directory by its name', () => {
    expect(explain('cwd', constants.errno.ENOTDIR, { detail: '/etc/passwd' })).toMatchObject({
      kind: 'invalid',
      message: 'the working directory "/etc/passwd" cannot be used: not a directory',
      exitCode: 126,
    });
  });

  it("has Docker's words for a user that the image does not know", () => {
    expect(explain('user', ENOENT, { detail: 'app', user: 'app' })).toMatchObject({
      kind: 'notFound',
      message: 'unable to find user app: no matching entries in passwd file',
      exitCode: 125,
    });
    expect(explain('user', ENOENT, { user: 'app:staff' }).message).toContain('find user app: no');
    expect(explain('user', ENOENT, { detail: '/app', user: '/app' }).message).toContain('find user /app: no');
    expect(explain('group', ENOENT, { detail: 'staff' }).message).toBe(
      'unable to find group staff: no matching entries in group file',
    );
  });

  it.each([
    ['user', '70000', EINVAL, 'the user namespace of the container has no user 70000', '--userns'],
    ['group', '70001', EINVAL, 'the user namespace of the container has no group 70001', '--userns'],
    [
      'user',
      '/etc/passwd app',
      constants.errno.ELOOP,
      'unable to find user app: /etc/passwd of the container cannot be read: too many levels of symbolic links',
      'numbers always work',
    ],
    [
      'group',
      '/etc/group staff',
      constants.errno.EFBIG,
      'unable to find group staff: /etc/group of the container cannot be read: file too large',
      'numbers always work',
    ],
  ])('tells for %s %s what is in the way, not that it is none', (stage, detail, errno, message, hint) => {
    // The user is not known here where the image names it, and of groups there may be several.
    const explained = explain(stage, errno, { detail });
    expect(explained).toMatchObject({ kind: 'invalid', message, hint: expect.stringContaining(hint) });
  });

  it.each([
    ['overlay', ENODEV, 'unsupported', 'modprobe overlay'],
    ['overlay', EINVAL, 'unsupported', '--root'],
    ['overlay', EPERM, 'denied', 'CAP_SYS_ADMIN'],
    ['clone', EPERM, 'denied', 'CAP_SYS_ADMIN'],
    ['clone', constants.errno.ENOSYS, 'denied', '--privileged'],
    ['clone', constants.errno.EAGAIN, 'unavailable', '--pids-limit'],
    ['spawn', EPERM, 'denied', '--privileged'],
    ['spawn', constants.errno.EAGAIN, 'unavailable', '--pids-limit'],
    ['join', constants.errno.EACCES, 'denied', 'SYS_PTRACE'],
    ['clone', ENOSPC, 'unavailable', '/proc/sys/user'],
    ['clone', constants.errno.EAGAIN, 'unavailable', 'pids.max'],
    ['clone', ENOMEM, 'unavailable', 'out of memory'],
    ['mkdir', ENOSPC, 'unavailable', 'make room'],
    ['bind', constants.errno.EDQUOT, 'unavailable', '--storage-opt size'],
    ['cgroup', EROFS, 'denied', '--privileged'],
    ['write', ENOENT, 'unsupported', 'controller'],
    ['join', ESRCH, 'conflict', 'start it again'],
    ['join', EPERM, 'denied', 'user namespace'],
    ['bind-of', ESRCH, 'conflict', 'start it again'],
    ['bind-of', EINVAL, 'invalid', '/dev/shm'],
    ['id-map', EPERM, 'denied', '--userns'],
    ['id-map', EINVAL, 'invalid', 'overlap'],
    ['id-mapped-mount', EINVAL, 'unsupported', '--root'],
    ['time-offset', ERANGE, 'invalid', 'below zero'],
    ['device-program', EPERM, 'denied', 'CAP_BPF'],
    ['device-program', EINVAL, 'unsupported', 'CONFIG_CGROUP_BPF'],
    ['seccomp', EINVAL, 'unsupported', 'seccomp=unconfined'],
    ['seccomp', EFAULT, 'unsupported', 'seccomp=unconfined'],
    ['seccomp', ENOENT, 'notFound', 'try again'],
    ['label', ENOENT, 'notFound', 'apparmor_parser'],
    ['oom-score-adj', EACCES, 'denied', 'CAP_SYS_RESOURCE'],
    ['sysctl', ENOENT, 'notFound', 'not at all'],
    ['sysctl', EACCES, 'invalid', 'for the whole machine only'],
    ['mount', constants.errno.ENOTDIR, 'invalid', 'the image has a file there'],
    ['bind', constants.errno.ENOTDIR, 'invalid', 'the image has a file there'],
    ['bind', constants.errno.EISDIR, 'invalid', 'the image has a directory there'],
    ['sysctl', EINVAL, 'invalid', 'refuses this value'],
    ['bind-source', ENOENT, 'notFound', 'not there on the host'],
    ['mount', EINVAL, 'invalid', 'options'],
    ['copy-value', EROFS, 'denied', '--privileged'],
  ])('explains %s with errno %i as %s and says what to do', (stage, errno, kind, hint) => {
    const explained = explain(stage, errno, { detail: '/some/path' });
    expect(explained).toMatchObject({ kind, exitCode: 125, hint: expect.stringContaining(hint) });
    expect(explained.message).toMatch(/^[a-z].*[^.]$/);
  });

  it('names the processes that keep a v2 controller from being handed down', () => {
    const { hint } = explain('write', EBUSY, { detail: '/sys/fs/cgroup/cgroup.subtree_control' });
    expect(hint).toContain('processes live in /sys/fs/cgroup: move them');
  });

  it.each([
    ['memory.limit_in_bytes', 'memory limit', '--memory'],
    ['memory.memsw.limit_in_bytes', 'limit of memory and swap', '--memory-swap'],
    ['memory.swap.max', 'limit of memory and swap', '--memory-swap'],
    ['memory.low', 'memory reservation', '--memory-reservation'],
    ['memory.swappiness', 'memory swappiness', '--memory-swappiness'],
    ['cpu.max', 'CPU limit', '--cpus or --cpu-quota'],
    ['cpu.cfs_period_us', 'CPU period', '--cpu-period'],
    ['cpuset.mems', 'set of memory nodes', '--cpuset-mems'],
    ['blkio.throttle.write_iops_device', 'rate of write operations', '--device-write-iops'],
    ['io.max', 'rate of a device', '--device-read-bps and its like'],
    ['io.bfq.weight', 'block I/O weight', '--blkio-weight'],
  ])('says which limit could not be written to %s', (file, what, option) => {
    const { message, hint } = explain('write', EINVAL, { detail: `/sys/fs/cgroup/x/${file}` });
    expect(hint).toMatch(new RegExp(`^${option}: the kernel refuses this value`));
    expect(message).toBe(`cannot apply the ${what}: /sys/fs/cgroup/x/${file}: invalid argument`);
  });

  it('takes the refusal of a set of CPUs for one of its value', () => {
    expect(explain('write', EACCES, { detail: '/sys/fs/cgroup/cpuset/x/cpuset.cpus' })).toMatchObject({
      kind: 'invalid',
      hint: '--cpuset-cpus: the kernel refuses this value: the parent of the cgroup must have all of them',
    });
    expect(explain('write', EACCES, { detail: '/sys/fs/cgroup/pids/x/pids.max' }).kind).toBe('denied');
  });

  it('blames no option for device rules, which every container has', () => {
    const { message, hint } = explain('write', EPERM, { detail: '/sys/fs/cgroup/x/devices.deny' });
    expect(message).toMatch(/^cannot set the device rules of the container: .*operation not permitted$/);
    expect(hint).toContain('CAP_SYS_ADMIN');
  });

  it.each([
    ['node', 'CAP_MKNOD'],
    ['loopback', 'CAP_NET_ADMIN'],
    ['user', 'CAP_SETGID'],
    ['group', 'CAP_SETGID'],
    ['capabilities', 'CAP_SETPCAP'],
    ['mask', 'CAP_SYS_ADMIN'],
  ])('names the capability that %s takes', (stage, capability) => {
    expect(explain(stage, EPERM).hint).toContain(capability);
  });

  it('names the resource of a limit, not its number', () => {
    expect(explain('rlimit', EPERM, { detail: '7' })).toMatchObject({
      kind: 'denied',
      message: 'cannot set the limit of nofile: operation not permitted',
      hint: expect.stringContaining('CAP_SYS_RESOURCE'),
    });
  });

  it("has words for every stage of a container's start", () => {
    const text = readFileSync(new URL('../../../../native/stages.def', import.meta.url), 'utf8');
    // Last come the verbs that work on layers, which storage explains.
    const start = text.slice(0, text.indexOf('/* Trees and layers. */'));
    const stages = [...start.matchAll(/^STAGE\(\w+, "([^"]+)"\)/gm)].map(([, stage]) => stage ?? '');
    expect(stages).toContain('exec');
    expect(stages.filter((stage) => !isKnownStage(stage))).toEqual([]);
  });

  it.each([
    ['bridge', 'EPERM', 'skiff0', 'denied', 'CAP_NET_ADMIN'],
    ['bridge', 'EEXIST', 'skiff0', 'conflict', 'ip link delete skiff0'],
    ['veth', 'ENODEV', 'skiff0', 'notFound', 'try again'],
    ['veth', 'ENETDOWN', 'skiff0', 'unavailable', 'ip link show skiff0'],
    ['veth', 'ENETUNREACH', 'skiff0', 'unavailable', 'net.ipv4.ip_forward'],
    ['veth', 'EOPNOTSUPP', 'skiff0', 'unsupported', 'CONFIG_VETH'],
    ['macvlan', 'ENODEV', 'eth7', 'notFound', 'another parent'],
    ['address', 'EOPNOTSUPP', 'eth0 fd00::2/64', 'unsupported', 'IPv6'],
    ['route', 'ENETUNREACH', 'eth0 default 10.0.0.1', 'invalid', 'in the subnet'],
    ['nft', 'EPROTONOSUPPORT', 'nf_tables', 'unsupported', '--network none or --network host'],
    ['nft', 'EOPNOTSUPP', 'nf_tables', 'unsupported', 'CONFIG_NF_TABLES'],
    ['firewall', 'ENOENT', 'skiff forward', 'unavailable', 'nft list ruleset'],
    ['repair', 'EIO', 'error: no nf_tables', 'unavailable', '--network none'],
    ['port', 'EADDRINUSE', 'tcp 0.0.0.0 8080', 'conflict', 'publish another'],
    ['port', 'EADDRNOTAVAIL', 'tcp 9.9.9.9 80', 'invalid', 'ip address'],
  ] as const)('tells what to do when %s fails with %s', (stage, code, detail, kind, hint) => {
    const explained = explain(stage, constants.errno[code], { detail });
    expect(explained).toMatchObject({ kind, hint: expect.stringContaining(hint), exitCode: 125 });
  });

  it('writes what of a network failed as a user would', () => {
    const { EADDRINUSE, ENETUNREACH } = constants.errno;
    expect(explain('port', EADDRINUSE, { detail: 'udp :: 53' }).message).toBe(
      'the port [::]:53/udp of the host is in use',
    );
    expect(explain('route', ENETUNREACH, { detail: 'eth0 default 10.0.0.1' }).message).toBe(
      'cannot lead what leaves the container through 10.0.0.1 on eth0',
    );
    expect(explain('address', EINVAL, { detail: 'eth0 10.0.0.2/24' }).message).toBe(
      'cannot give eth0 the address 10.0.0.2/24: invalid argument',
    );
  });

  it('names a stage and a number that it does not know', () => {
    expect(explain('teleport', 9999, { detail: 'x' })).toEqual({
      kind: 'internal',
      message: 'cannot start the container: teleport x: errno 9999',
      hint: undefined,
      exitCode: 125,
    });
  });

  it('keeps the record itself as the cause', () => {
    const { error } = explainFailure({ stage: 'pivot', errno: EINVAL, detail: '/r' });
    expect(error.cause).toMatchObject({ message: 'pivot /r: EINVAL', code: 'EINVAL' });
    expect([2, 11, 95].map(errnoName)).toEqual(['ENOENT', 'EAGAIN', 'EOPNOTSUPP']);
  });
});
