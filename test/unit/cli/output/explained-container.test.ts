import { describe, expect, it } from 'vitest';
import { renderExplained } from '../../../../src/cli/output/explained-container.ts';
import type { ExplainedContainer } from '../../../../src/engine/explain/container.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

const [ID, CHAIN] = [digestOf('config'), digestOf('layer')];

/** A container of which little was asked. */
const PLAIN: ExplainedContainer = {
  cleansUp: [],
  image: {
    name: 'busybox',
    id: ID,
    platform: 'linux/amd64',
    from: 'store',
    layers: [{ chainID: CHAIN, isHere: true }],
    size: 4_430_000,
  },
  namespaces: [
    { type: 'mount', how: 'new', isAsked: false },
    { type: 'network', how: 'new', isAsked: true },
    { type: 'user', how: 'host', isAsked: false },
  ],
  hostname: '<short-id>',
  timeOffsets: [],
  isRootReadOnly: false,
  mounts: [
    {
      ...{ target: '/', type: 'overlay', source: 'overlay', lowers: ['/layers/a'], upper: '/c/<id>/upper' },
      ...{ options: [], isAsked: false },
    },
    { target: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'mkdir'], isAsked: false },
  ],
  hostMounts: [],
  devices: [{ path: '/dev/null', type: 'c', major: 1, minor: 3, mode: '666', isAsked: false }],
  links: [{ path: '/dev/fd', to: '/proc/self/fd' }],
  labels: [],
  sysctls: [],
  security: {
    isPrivileged: false,
    bounding: ['CAP_CHOWN', 'CAP_KILL'],
    effective: ['CAP_CHOWN', 'CAP_KILL'],
    added: [],
    dropped: [],
    noNewPrivileges: false,
    seccomp: 'builtin',
    masked: ['/proc/acpi', '/proc/kcore', '/sys/firmware'],
    readOnly: ['/proc/sys'],
  },
  loadsProfile: false,
  cgroup: {
    directories: [{ version: 'v1', path: '/cg/pids/skiff-<id>' }],
    monitor: [],
    writes: [
      { file: '/cg/pids/skiff-<id>/pids.max', value: '10' },
      { file: '/cg/devices/skiff-<id>/devices.allow', value: 'c 1:3 rwm' },
      { file: '/cg/devices/skiff-<id>/devices.allow', value: 'c 1:5 rwm' },
      { file: '/cg/memory/skiff-<id>/memory.memsw.limit_in_bytes', value: '20', isOptional: true },
      { file: '/cg/cpuset/skiff-<id>/cpuset.cpus', from: '/cg/cpuset/cpuset.cpus' },
    ],
    devicePrograms: [],
    deviceRules: [],
  },
  rlimits: [{ name: 'nofile', soft: '1024', hard: '4096', isAsked: false }],
  networks: [],
  names: { resolvConf: '# ours\nnameserver 192.0.2.1\n', hosts: '127.0.0.1\tlocalhost\n' },
  foreignFirewall: [],
  process: {
    argv: ['sh', '-c', "echo it's"],
    asked: ['argv'],
    env: [
      { name: 'PATH', value: '/bin', from: 'image' },
      { name: 'TOKEN', value: 'x\x1b', from: 'asked' },
      { name: 'HOME', from: 'passwd' },
    ],
    cwd: '/',
    user: '0',
    groups: [],
    umask: '0022',
    hasTerminal: false,
    hasStdin: false,
    hasInit: false,
  },
  supervision: { isLogAsked: false, stop: { signal: 15, timeoutMs: 10_000 }, autoRemove: true },
};

/** The lines of one section, without its title. */
function section(title: string, changes: Partial<ExplainedContainer> = {}): string[] {
  const text = renderExplained({ ...PLAIN, ...changes });
  const found = text.split('\n\n').find((part) => part.split('\n')[0]?.startsWith(title));
  return (found ?? '').trimEnd().split('\n').slice(1);
}

describe('an explained container', () => {
  it('says first that nothing is done', () => {
    expect(renderExplained(PLAIN).split('\n')[0]).toBe(
      'Nothing of this is done. Lines with * are asked for; the rest is the default, or the image says it.',
    );
  });

  it('has its image, and where that comes from', () => {
    const short = ID.slice(7, 19);
    expect(section('Image')).toEqual([
      `  * busybox  ${short}, linux/amd64, 1 layer, 4.43MB`,
      '    from     the store: it is here',
    ]);
  });

  it('has cgroups with each write, and those of one file on a line', () => {
    expect(section('Cgroups')).toEqual([
      '    make   /cg/pids/skiff-<id> (v1)',
      '  * write  /cg/pids/skiff-<id>/pids.max ← 10',
      '    write  /cg/devices/skiff-<id>/devices.allow ← c 1:3 rwm; c 1:5 rwm',
      '    write  /cg/memory/skiff-<id>/memory.memsw.limit_in_bytes ← 20, if the kernel can',
      '    write  /cg/cpuset/skiff-<id>/cpuset.cpus ← what /cg/cpuset/cpuset.cpus has',
    ]);
    const none = { ...PLAIN.cgroup, directories: [], writes: [] };
    expect(section('Cgroups', { cgroup: none })).toEqual([
      '    none  this host has none that can be written to',
    ]);
  });

  it('has namespaces of its own, of the host and of others', () => {
    expect(section('Namespaces')).toEqual([
      '    mount    new         the tree of its files',
      '  * network  new         interfaces, addresses, ports, firewall',
      "    user     the host's  its root is root outside",
    ]);
    const namespaces: ExplainedContainer['namespaces'] = [
      { type: 'pid', how: 'joined', container: 'web', isAsked: true },
    ];
    expect(section('Namespaces', { namespaces })).toEqual([
      '  * pid  that of container web  the processes that it sees',
    ]);
  });

  it('has mounts in their order, then devices, links and what is closed', () => {
    expect(section('Files')).toEqual([
      '    /          overlay    1 layer of the image below, what is written in /c/<id>/upper',
      '    /proc      proc       nosuid',
      '    /dev/null  device     c 1:3, mode 666',
      '    /dev/fd    link       /proc/self/fd',
      '    /proc      masked     acpi kcore (nothing is seen there)',
      '    /sys       masked     firmware (nothing is seen there)',
      '    /proc      read-only  sys',
    ]);
  });

  it.each<[string, Partial<ExplainedContainer['mounts'][number]>, string]>([
    ['a bind', { options: ['rec', 'ro', 'mksame'] }, 'bind  /src, ro, with what is mounted below it'],
    ['one that is made', { isMade: true }, 'bind  /src (made, a directory)'],
    ['a part of it', { beneath: 'sub' }, 'bind  /src, sub in it'],
    ['a volume', { volume: { name: 'data', isMissing: false, isToBeFilled: false } }, 'volume  data'],
    [
      'a new one',
      { volume: { isMissing: true, isToBeFilled: true } },
      'volume  an anonymous one (made), begins with what the image has there',
    ],
    [
      'one of an image that is not here',
      { volume: { name: 'data', isMissing: true } },
      'volume  data (made), begins with what the image may have there',
    ],
    ['files of an image', { image: 'debian', options: ['ro', 'nodev'] }, 'image  debian, ro,nodev'],
    ['that of a process', { pid: 7 }, 'bind  that of process 7'],
    [
      'an overlay',
      { type: 'overlay', lowers: ['/src'], upper: '/up', options: ['mksame'] },
      'overlay  /src below, what is written in /up',
    ],
  ])('says of %s what it is', (_, changes, text) => {
    const mount = { target: '/t', type: 'bind', source: '/src', options: [], isAsked: true, ...changes };
    expect(section('Files', { mounts: [mount], devices: [], links: [], security: NOTHING_HIDDEN })).toEqual([
      `  * /t  ${text}`,
    ]);
  });

  const NOTHING_HIDDEN = { ...PLAIN.security, masked: [], readOnly: [] };

  it('has a command as a shell reads it, and variables with who said them', () => {
    expect(section('Command')).toEqual([
      `  * command    sh -c 'echo it'\\''s'`,
      '    PID 1      the command itself',
      '    user       0',
      '    directory  /',
      '    umask      0022',
      '    streams    pipes, nothing to read',
    ]);
    expect(section('Environment')).toEqual([
      '    PATH   /bin',
      '  * TOKEN  x\\x1b',
      "    HOME   (its user's, by the /etc/passwd of the container)",
    ]);
  });

  it('has its end', () => {
    expect(section('While it runs')).toEqual([
      '    log        none: what it writes is not kept',
      '    restart    no',
      '    stop       SIGTERM, SIGKILL 10 seconds later',
      '  * its files  removed when it ends',
    ]);
  });

  it('has the networks with links, addresses, ports and elements of the firewall', () => {
    const networks: ExplainedContainer['networks'] = [
      {
        network: 'front',
        driver: 'bridge',
        isNetworkNew: true,
        link: 'sk1',
        isLinkThere: false,
        bridge: { records: [['bridge', 'sk1', '02:aa', '0']], sets: ['bridges', 'sources4', 'sources6'] },
        subnets: ['172.28.0.0/24'],
        addresses: ['172.28.0.2'],
        isAddressAsked: true,
        interfaceName: 'eth0',
        host: [['veth', 'sk<short-id>-0', 'sk1', 'eth0', '02:42', '0', '']],
        container: [
          ['address', 'eth0', '172.28.0.2/24'],
          ['route', 'eth0', 'default', '172.28.0.1', '0'],
        ],
        ports: [
          {
            ...{
              protocol: 'tcp',
              hostAddress: '0.0.0.0',
              hostPort: 8080,
              containerPort: 80,
              isChosen: false,
            },
            element: 'inet skiff any4 { tcp . 8080 : 172.28.0.2 . 80 }',
          },
          { protocol: 'udp', hostAddress: '::', hostPort: 40_000, containerPort: 53, isChosen: true },
        ],
      },
    ];
    expect(section('Network', { networks })).toEqual([
      '    front        bridge sk1, 172.28.0.0/24, which is new: its subnet is chosen now',
      '    made first   bridge sk1',
      '    firewall     nothing is passed on to sk1 but answers, and what comes by published ports',
      '    firewall     what leaves 172.28.0.0/24 is masqueraded',
      '    on the host  pair of interfaces sk<short-id>-0 on sk1 and eth0 inside (02:42)',
      '  * inside       eth0 has 172.28.0.2/24',
      '    inside       everything else by 172.28.0.1, eth0',
      '  * port held    0.0.0.0:8080/tcp for 80',
      '    firewall     nft add element inet skiff any4 { tcp . 8080 : 172.28.0.2 . 80 }',
      '  * port held    [::]:40000/udp for 53, free now',
      '                 relayed by its monitor',
    ]);
  });

  it('has no network but what its namespace is', () => {
    expect(section('Network')).toEqual(['  * none  nothing but its own loopback']);
    const host: ExplainedContainer['namespaces'] = [{ type: 'network', how: 'host', isAsked: true }];
    expect(section('Network', { namespaces: host })).toEqual([
      '  * host  the interfaces and ports of the host',
    ]);
  });

  it('has names, and who answers for them', () => {
    const resolver = { upstreams: ['192.0.2.1'], forward: 'host' };
    const names = { resolvConf: 'nameserver 127.0.0.11\n', hosts: '::1\tlocalhost\n', resolver };
    expect(section('Names:', { names })).toEqual([
      '    resolv.conf  nameserver 127.0.0.11',
      '    resolver     a process of its own that knows the containers of its networks, and asks 192.0.2.1 from the host',
      '    hosts        ::1 localhost',
    ]);
    expect(section('Names:')).toEqual([
      '    resolv.conf  nameserver 192.0.2.1',
      '    hosts        127.0.0.1 localhost',
    ]);
    expect(section('Names:', { names: undefined })).toEqual([
      '    shared  those of the container whose network it has',
    ]);
  });

  it('has its rights, and what they are less and more than usual', () => {
    const asked = { ...PLAIN.security, effective: [], added: ['KILL'], dropped: ['ALL'], apparmor: 'ours' };
    expect(section('Rights', { security: asked, loadsProfile: true })).toEqual([
      '  * capabilities       CHOWN KILL',
      '                       of which it begins with none, as its user is not root',
      '  * added              KILL',
      '  * dropped            ALL',
      '    no-new-privileges  no',
      "    seccomp            Docker's profile: system calls that containers do not need are refused",
      '    AppArmor           ours (loaded first)',
    ]);
  });
});
