import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { optionsOf } from '../options-of.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
const profile = join(directory, 'profile=x.json');
writeFileSync(profile, '{}');
const envFile = join(directory, 'env');
writeFileSync(envFile, 'A=file\nB="quoted"\nSKIFF_UNSET_VARIABLE\n');
const labelFile = join(directory, 'labels');
writeFileSync(labelFile, 'a=file\nb=file=two\nalone\n');
afterAll(() => rmSync(directory, { recursive: true }));

describe('the options of a new container', () => {
  it('are nothing but the image and its command when none is given', async () => {
    expect(await optionsOf()).toEqual({
      image: 'image',
      process: { command: ['word', '--init'], env: [] },
      namespaces: { network: 'networks' },
      network: { attachments: [{ network: 'bridge' }] },
      security: {},
      devices: {},
      files: {},
      resources: {},
      stop: {},
      autoRemove: false,
    });
  });

  const range = { inside: 0, outside: 100_000, count: 65_536 };
  it.each<[string[], keyof CreateOptions, object]>([
    // Process
    [['--entrypoint', 'sh'], 'process', { entrypoint: ['sh'] }],
    [['--entrypoint', ''], 'process', { entrypoint: [] }],
    [['--entrypoint='], 'process', { entrypoint: [] }],
    [['-e', 'A=1', '--env', 'B=a b=c'], 'process', { env: ['A=1', 'B=a b=c'] }],
    [['-u', '1000:www'], 'process', { user: '1000:www' }],
    [['-w', '/srv'], 'process', { cwd: '/srv' }],
    [['-i'], 'process', { stdin: true }],
    [['-it'], 'process', { stdin: true, terminal: true }],
    [['--tty=true'], 'process', { terminal: true }],
    [['-e', 'A=1', '--env-file', envFile], 'process', { env: ['A=file', 'B="quoted"', 'A=1'] }],
    [['--group-add', 'audio', '--group-add', '44'], 'process', { groups: ['audio', '44'] }],
    [['--umask', '0027'], 'process', { umask: 0o27 }],
    [['--umask', '0'], 'process', { umask: 0 }],
    [['--tz', 'Europe/Berlin'], 'process', { timeZone: 'Europe/Berlin' }],
    [['--init'], 'process', { init: true }],
    [['--init', '--init-path', '/sbin/tini'], 'process', { init: true, initPath: '/sbin/tini' }],
    [['--oom-score-adj', '-500'], 'process', { oomScoreAdj: -500 }],
    [['--ulimit', 'nofile=1024'], 'process', { rlimits: [{ name: 'nofile', soft: 1024, hard: 1024 }] }],
    [['--ulimit', 'core=0:-1'], 'process', { rlimits: [{ name: 'core', soft: 0, hard: -1 }] }],
    [
      ['--ulimit', 'nproc=5', '--ulimit', 'cpu=unlimited', '--ulimit', 'nproc=3:9'],
      'process',
      {
        rlimits: [
          { name: 'nproc', soft: 3, hard: 9 },
          { name: 'cpu', soft: -1, hard: -1 },
        ],
      },
    ],
    [['--stop-signal', 'SIGRTMIN+3'], 'stop', { signal: 'SIGRTMIN+3' }],
    [['--stop-timeout', '0'], 'stop', { timeoutMs: 0 }],
    [['--stop-timeout', '3'], 'stop', { timeoutMs: 3000 }],
    [['--stop-timeout', '-1'], 'stop', { timeoutMs: -1000 }],
    // Namespaces
    [['-h', 'a_b.example-1'], 'namespaces', { hostname: 'a_b.example-1' }],
    [['--hostname', 'h'.repeat(64)], 'namespaces', { hostname: 'h'.repeat(64) }],
    [['--domainname', 'example.org'], 'namespaces', { domainname: 'example.org' }],
    [['--pid', 'host'], 'namespaces', { pid: 'host' }],
    [['--pid', 'container:a:b'], 'namespaces', { pid: { container: 'a:b' } }],
    [['--ipc', 'shareable'], 'namespaces', { ipc: 'shareable' }],
    [['--ipc', 'none'], 'namespaces', { ipc: 'none' }],
    [['--uts', 'host'], 'namespaces', { uts: 'host' }],
    [['--cgroupns', 'private'], 'namespaces', { cgroup: 'private' }],
    [['--userns', 'host'], 'namespaces', { user: 'host' }],
    [['--userns', 'private'], 'namespaces', { user: 'auto' }],
    [['--userns', 'auto'], 'namespaces', { user: 'auto' }],
    [['--userns', 'container:db'], 'namespaces', { user: { container: 'db' } }],
    [['--uidmap', '0:100000:65536'], 'namespaces', { user: { uids: [range], gids: [range] } }],
    [['--gidmap', '0:100000:65536'], 'namespaces', { user: { uids: [range], gids: [range] } }],
    [
      ['--userns', 'private', '--uidmap', '0:100000:65536', '--uidmap', '70000:5', '--gidmap', '0:7'],
      'namespaces',
      {
        user: {
          uids: [range, { inside: 70_000, outside: 5, count: 1 }],
          gids: [{ inside: 0, outside: 7, count: 1 }],
        },
      },
    ],
    [['--time-offset', '86400'], 'namespaces', { timeOffsets: { monotonic: 86_400, boottime: 86_400 } }],
    [
      ['--time-offset', '5', '--time-offset', 'boottime=-7'],
      'namespaces',
      { timeOffsets: { monotonic: 5, boottime: -7 } },
    ],
    // Security
    [['--privileged'], 'security', { privileged: true }],
    [
      ['--cap-add', 'NET_ADMIN', '--cap-add', 'cap_sys_time', '--cap-drop', 'ALL'],
      'security',
      { capAdd: ['NET_ADMIN', 'cap_sys_time'], capDrop: ['ALL'] },
    ],
    [['--security-opt', 'no-new-privileges'], 'security', { noNewPrivileges: true }],
    [['--security-opt', 'no-new-privileges:true'], 'security', { noNewPrivileges: true }],
    [['--security-opt', 'no-new-privileges=false'], 'security', { noNewPrivileges: false }],
    [['--security-opt', 'seccomp=unconfined'], 'security', { seccomp: 'unconfined' }],
    [['--security-opt', 'seccomp:builtin'], 'security', { seccomp: 'builtin' }],
    [['--security-opt', `seccomp=${profile}`], 'security', { seccomp: { profile: '{}', source: profile } }],
    [['--security-opt', 'apparmor=unconfined'], 'security', { apparmor: 'unconfined' }],
    [
      ['--security-opt', 'label:type:svirt_t', '--security-opt', 'label=level:s0:c1,c2'],
      'security',
      { label: ['type:svirt_t', 'level:s0:c1,c2'] },
    ],
    [['--security-opt', 'label=disable'], 'security', { label: ['disable'] }],
    [['--security-opt', 'systempaths=unconfined'], 'security', { unmaskedPaths: true }],
    [['--security-opt', 'writable-cgroups=true'], 'security', { writableCgroups: true }],
    [
      ['--sysctl', 'net.core.somaxconn=1024', '--sysctl', 'kernel.msgmax='],
      'security',
      { sysctls: { 'net.core.somaxconn': '1024', 'kernel.msgmax': '' } },
    ],
    // Devices
    [
      ['--device', '/dev/fuse', '--device', '/dev/kvm:rw', '--device', '/dev//sda/:/dev/./x/../xvda:r'],
      'devices',
      {
        devices: [
          { host: '/dev/fuse', container: '/dev/fuse', access: 'rwm' },
          { host: '/dev/kvm', container: '/dev/kvm', access: 'rw' },
          { host: '/dev/sda', container: '/dev/xvda', access: 'r' },
        ],
      },
    ],
    [
      ['--device', '/dev/a:/dev/b'],
      'devices',
      { devices: [{ host: '/dev/a', container: '/dev/b', access: 'rwm' }] },
    ],
    [['--device-cgroup-rule', 'c 10:* rw'], 'devices', { cgroupRules: ['c 10:* rw'] }],
    // Files
    [['--read-only'], 'files', { readOnly: true }],
    [['--read-only', '--read-only-tmpfs'], 'files', { readOnly: true, readOnlyTmpfs: true }],
    [['--read-only', '--read-only-tmpfs=false'], 'files', { readOnly: true }],
    [['--storage-opt', 'size=1.5g'], 'files', { storageSize: 1.5 * 1024 ** 3 }],
    [['--shm-size', '128m'], 'files', { shmSize: 128 * 1024 ** 2 }],
    [
      ['--tmpfs', '/run', '--tmpfs', '/tmp:size=64m,mode=1777,exec', '--tmpfs', '/run:ro'],
      'files',
      {
        tmpfs: [
          { path: '/tmp', options: ['size=64m', 'mode=1777', 'exec'] },
          { path: '/run', options: ['ro'] },
        ],
      },
    ],
    // Resources
    [
      ['-m', '64m', '--cpus', '.5', '--pids-limit', '-1'],
      'resources',
      { memory: 64 * 1024 ** 2, nanoCpus: 5e8, pidsLimit: -1 },
    ],
  ])('%j become part of %s', async (args, part, expected) => {
    expect((await optionsOf(...args))[part]).toMatchObject(expected);
  });

  it.each<[string[], Partial<CreateOptions>]>([
    [['--name', 'web', '--rm', '--replace'], { name: 'web', autoRemove: true }],
    // Labels
    [['-l', 'a=1', '--label', 'b', '-l', 'c=x=y'], { labels: { a: '1', b: '', c: 'x=y' } }],
    [['-l', 'a=line', '--label-file', labelFile], { labels: { a: 'line', b: 'file=two' } }],
    [['-l', ' a=1', '-l', '\tb'], { labels: { ' a': '1', '\tb': '' } }],
    [['-l', '__proto__=x'], { labels: Object.fromEntries([['__proto__', 'x']]) }],
    [['--annotation', 'org.example.a=1'], { annotations: { 'org.example.a': '1' } }],
    // Supervision
    [['--restart', 'always'], { restart: { name: 'always' } }],
    [['--restart', 'unless-stopped'], { restart: { name: 'unless-stopped' } }],
    [['--restart', 'on-failure:5'], { restart: { name: 'on-failure', maximum: 5 } }],
    [['--restart', 'on-failure'], { restart: { name: 'on-failure' } }],
    [['--timeout', '90'], { runTimeoutMs: 90_000 }],
    [['--snapshot-on-start'], { snapshotOnStart: {} }],
    [['--snapshot-on-start=true'], { snapshotOnStart: {} }],
    [['--snapshot-on-start=1'], { snapshotOnStart: { keep: 1 } }],
    // Health
    [
      ['--health-cmd', 'test -f /ready', '--health-interval', '1m30s', '--health-retries', '5'],
      { health: { test: ['CMD-SHELL', 'test -f /ready'], intervalMs: 90_000, retries: 5 } },
    ],
    [
      ['--health-timeout=1.5s', '--health-start-period=1h', '--health-start-interval=100ms'],
      { health: { timeoutMs: 1500, startPeriodMs: 3_600_000, startIntervalMs: 100 } },
    ],
    [['--health-on-failure', 'kill'], { health: { onFailure: 'kill' } }],
    [['--no-healthcheck'], { health: { test: ['NONE'] } }],
    [['--no-healthcheck=true', '--health-retries=0'], { health: { test: ['NONE'] } }],
    // Logs
    [['--log-driver', 'none'], { log: { driver: 'none', options: {} } }],
    [
      ['--log-opt', 'max-size=10m', '--log-opt', 'labels=a=b'],
      { log: { driver: 'json-file', options: { 'max-size': '10m', labels: 'a=b' } } },
    ],
  ])('%j are of the whole container', async (args, expected) => {
    expect(await optionsOf(...args)).toMatchObject(expected);
  });

  it.each([
    ['--restart', 'no'],
    ['--restart', ''],
    ['--timeout', '0'],
    ['--snapshot-on-start', 'false'],
    ['--health-interval', '0s'],
    ['--health-cmd', ''],
    ['--no-healthcheck', 'false'],
  ])('are as if not given with %s=%s', async (flag, value) => {
    expect(await optionsOf(`${flag}=${value}`)).toEqual(await optionsOf());
  });

  it.each([
    ['-u', '', 'process'],
    ['-w', '', 'process'],
    ['--hostname', '', 'namespaces'],
    ['--pid', '', 'namespaces'],
    ['--userns', '', 'namespaces'],
    ['--network', '', 'namespaces'],
    ['--shm-size', '0', 'files'],
    ['--storage-opt', 'size=0', 'files'],
  ] as const)('are as if not given with %s "%s"', async (flag, value, part) => {
    expect((await optionsOf(flag, value))[part]).toEqual((await optionsOf())[part]);
  });

  it.each([
    ['--umask', '0888', 'umask'],
    ['--umask', '', 'umask'],
    ['--group-add', '', 'group'],
    ['--tz', '', 'time zone'],
    ['--oom-score-adj', 'low', 'low'],
    ['--ulimit', 'nofile', 'nofile'],
    ['--ulimit', 'nofile=', 'nofile='],
    ['--ulimit', 'nofile=1:2:3', 'nofile=1:2:3'],
    ['--ulimit', 'nofile=-2', 'nofile=-2'],
    ['--stop-signal', 'SIGNONE', 'SIGNONE'],
    ['--stop-signal', '65', '65'],
    ['--stop-timeout', 'soon', 'soon'],
    ['--hostname', '-x', '"-x"'],
    ['--hostname', 'a b', '"a b"'],
    ['--hostname', 'a\n127.0.0.1', '"a\n127.0.0.1"'],
    ['--hostname', 'h'.repeat(65), 'hhh'],
    ['--domainname', 'x/y', 'x/y'],
    ['--pid', 'shareable', '--pid "shareable"'],
    ['--ipc', 'Host', '--ipc "Host"'],
    ['--uts', 'none', '--uts "none"'],
    ['--cgroupns', 'x', '--cgroupns "x"'],
    ['--userns', 'keep-id', '--userns "keep-id"'],
    ['--uidmap', '0:1:0', '0:1:0'],
    ['--uidmap', '0-1:5', '0-1:5'],
    ['--uidmap', '0:4294967295', '4294967295'],
    ['--gidmap', '4294967290:0:10', '4294967290'],
    ['--time-offset', '1.5', '1.5'],
    ['--time-offset', 'realtime=5', 'realtime=5'],
    ['--cap-add', '', 'capability'],
    ['--security-opt', 'seccomp', 'seccomp'],
    ['--security-opt', 'seccomp=', 'seccomp='],
    ['--security-opt', 'seccomp=/no/such/file', '/no/such/file: no such file'],
    ['--security-opt', 'seccomp=/', 'profile /'],
    ['--security-opt', 'seccomp=/dev/zero', 'profile /dev/zero is longer than 8 MB'],
    ['--security-opt', 'no-new-privileges=maybe', 'maybe'],
    ['--security-opt', 'systempaths=masked', 'masked'],
    ['--security-opt', 'proc-opts=x', 'proc-opts'],
    ['--sysctl', 'net.core.somaxconn', 'somaxconn'],
    ['--sysctl', '=1', '=1'],
    ['--device', '', 'device'],
    ['--device', 'dev/fuse', 'dev/fuse'],
    ['--device', '/dev/fuse:rwx', 'rwx'],
    ['--device', '/dev/fuse:rr', 'rr'],
    ['--device', '/dev/a:/dev/b:', '/dev/b:'],
    ['--device', '/dev/a:/dev/b:rwm:x', 'rwm:x'],
    ['--shm-size', '-1', '-1'],
    ['--env-file', '/no/such/env', 'no such env file: /no/such/env'],
    ['--env-file', '/dev/zero', 'env file /dev/zero is longer than 8 MB'],
    ['--label-file', directory, 'is a directory'],
    ['--label-file', '/dev/zero', 'label file /dev/zero is longer than 8 MB'],
    ['--label', '', 'has no name'],
    ['--label', '=', '"=" has no name'],
    ['--label', '=x', '"=x"'],
    ['--label', ' =x', '"=x"'],
    ['--label', 'a b', '"a b" has blanks'],
    ['--label', 'a\t=1', 'has blanks'],
    ['--annotation', '', 'annotation'],
    ['--restart', 'sometimes', 'sometimes'],
    ['--restart', ':3', ':3'],
    ['--restart', 'on-failure:-1', 'on-failure:-1'],
    ['--restart', 'on-failure:many', 'many'],
    ['--restart', 'always:3', 'always'],
    ['--restart', 'no:3', 'the restart policy no'],
    ['--timeout', '-1', '-1'],
    ['--health-interval', '30', '30'],
    ['--health-interval', '-1s', '-1s'],
    ['--health-timeout', '1us', '1us'],
    ['--health-retries', '-2', '-2'],
    ['--health-on-failure', 'explode', 'explode'],
    ['--log-driver', '', 'log driver'],
    ['--log-opt', 'max-size', 'max-size'],
    ['--attach', 'stdlog', 'stdlog'],
    ['--pull', 'often', 'often'],
    ['--cidfile', '', '--cidfile'],
  ])('refuse %s "%s", naming it', async (flag, value, named) => {
    await expect(optionsOf(`${flag}=${value}`)).rejects.toThrow(
      expect.objectContaining({
        kind: expect.stringMatching(/^(invalid|notFound|denied)$/),
        message: expect.stringContaining(named),
      }),
    );
  });

  it.each([
    [['--uidmap', '0:1', '--userns', 'host'], '--uidmap cannot be used with --userns host'],
    [['--gidmap', '0:1', '--userns', 'container:x'], '--gidmap cannot be used with --userns container:x'],
    [
      ['--rm', '--restart', 'always'],
      'the container cannot have a restart policy: it is removed when it ends',
    ],
    [
      ['--no-healthcheck', '--health-cmd', 'true'],
      'no health check and settings of a health check contradict each other',
    ],
    [
      ['--no-healthcheck', '--health-retries', '2'],
      'no health check and settings of a health check contradict each other',
    ],
    [['--replace'], '--replace needs --name'],
  ])('refuse %j together', async (args, message) => {
    await expect(optionsOf(...args)).rejects.toThrow(expect.objectContaining({ kind: 'invalid', message }));
  });

  it.each<[string[], Partial<CreateOptions>]>([
    [['--rm=true'], { autoRemove: true }],
    [['--rm=1', '--read-only=T'], { autoRemove: true, files: { readOnly: true } }],
    [['--rm=false'], { autoRemove: false }],
    [['--rm', '--rm=0'], { autoRemove: false }],
    [['--rm=FALSE', '--rm'], { autoRemove: true }],
    [['--entrypoint', '--rm', '--rm=false'], { autoRemove: false }],
    [['-ie', '--rm', '--rm=false'], { autoRemove: false }],
    [['-eA', '--rm=true'], { autoRemove: true }],
    [['-m1g', '--name', 'ab', '-u=0', '--rm=true'], { autoRemove: true, name: 'ab' }],
  ])('may be switched as in Docker: %j', async (args, expected) => {
    expect(await optionsOf(...args)).toMatchObject(expected);
  });

  it('leave the words of the command alone', async () => {
    expect((await optionsOf('--rm=true', 'busybox', 'prog', '--rm=false')).process.command).toEqual([
      'prog',
      '--rm=false',
      'image',
      'word',
      '--init',
    ]);
    expect(await optionsOf('-i', '--', '-x', '--rm=maybe')).toMatchObject({
      image: '-x',
      process: { command: ['--rm=maybe', 'image', 'word', '--init'] },
    });
  });

  it.each(['--rm', '--init'])('are switched by booleans only: %s', async (flag) => {
    await expect(optionsOf(`${flag}=maybe`)).rejects.toThrow(`invalid boolean value "maybe" for ${flag}`);
  });

  it('are all known to commander when one is not', async () => {
    await expect(optionsOf('--memroy', '1g')).rejects.toThrow(
      /unknown option '--memroy'\n\(Did you mean --memory\?\)/,
    );
  });

  it.each(['--pod', '--gpus'])('do not know %s yet, and say so', async (flag) => {
    await expect(optionsOf(`${flag}=x`)).rejects.toThrow(flag);
  });
});
