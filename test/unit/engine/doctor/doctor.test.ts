import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cgroupFindings } from '../../../../src/engine/doctor/cgroups.ts';
import type { Finding } from '../../../../src/engine/doctor/finding.ts';
import { examineHost } from '../../../../src/engine/doctor/host.ts';
import { clearLeftovers, findLeftovers } from '../../../../src/engine/doctor/leftovers.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import { type Looks, THIS_HOST } from '../../../../src/host/probe.ts';
import { OWN_PROFILE } from '../../../../src/runtime/spec/lsm.ts';
import { looksOf } from '../../host/looks.ts';
import { containerRow, ID, thisProcess, useContext } from '../fixtures.ts';

const test = useContext();

const EVERYTHING = 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n';
const NOTHING = 'CapEff:\t0000000000000000\n';

const V1 = [
  '31 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '32 23 0:29 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices',
].join('\n');
const V2 = '31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
const V2_READ_ONLY = '31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw';

const HOST: Readonly<Record<string, string>> = {
  '/proc/self/status': EVERYTHING,
  '/proc/sys/kernel/osrelease': '6.1.0-1-amd64\n',
  '/proc/sys/kernel/seccomp/actions_avail': 'kill_process\n',
  '/proc/filesystems': 'nodev\toverlay\n',
  '/proc/self/mountinfo': `1 0 8:1 / / rw - ext4 /dev/sda1 rw\n${V2}`,
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
  ...Object.fromEntries(
    ['mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'user', 'time'].map((name) => [
      `/proc/self/ns/${name}`,
      '',
    ]),
  ),
};

const examine = (files: Record<string, string>, changes?: Partial<Looks>) =>
  examineHost(test.context, looksOf({ ...HOST, ...files }, changes));

function named(findings: readonly Finding[], name: string): Finding | undefined {
  return findings.find((finding) => finding.name === name);
}

describe('a host that has what it takes', () => {
  it('is missing nothing', async () => {
    const findings = await examine({});
    expect(findings.filter(({ state }) => state === 'missing')).toEqual([]);
    expect(named(findings, 'io')).toMatchObject({ state: 'ok', detail: 'v2 at /sys/fs/cgroup' });
    expect(named(findings, 'devices')).toMatchObject({ state: 'ok' });
  });

  it('says for everything else what it costs and how to get it', async () => {
    const findings = [
      ...(await examine({})),
      ...(await examineHost(test.context, looksOf({ '/proc/self/mountinfo': '1 0 8:1 / / ro - ext4 x rw' }))),
      ...(await examineHost(test.context, looksOf({}, { euid: () => 1000 }))),
    ];
    const lacking = findings.filter(({ state }) => state !== 'ok');
    expect(lacking.length).toBeGreaterThan(15);
    expect(lacking.filter(({ cost, remedy }) => !cost || !remedy)).toEqual([]);
  });
});

describe('a host that lacks something', () => {
  it('names each capability that the engine would use', async () => {
    const withoutAdmin = `CapEff:\t${(((1n << 41n) - 1n) ^ (1n << 21n)).toString(16).padStart(16, '0')}\n`;
    const findings = await examine({ '/proc/self/status': withoutAdmin });
    expect(named(findings, 'root')?.detail).toContain('40 of 41 capabilities');
    expect(named(findings, 'CAP_SYS_ADMIN')).toMatchObject({ state: 'missing' });
    expect(named(findings, 'CAP_MKNOD')).toBeUndefined();
  });

  it('asks an ordinary user for root rights only', async () => {
    const findings = await examine({ '/proc/self/status': NOTHING }, { euid: () => 1000 });
    expect(findings.filter(({ topic }) => topic === 'rights')).toEqual([
      expect.objectContaining({ name: 'root', state: 'missing', remedy: 'run it with sudo' }),
    ]);
  });

  it('has an old kernel', async () => {
    const findings = await examine({ '/proc/sys/kernel/osrelease': '5.4.0-generic\n' });
    expect(named(findings, 'Linux 5.4.0-generic')).toMatchObject({ state: 'missing' });
  });

  it('tells a namespace that is forbidden from one that the kernel does not know', async () => {
    const { '/proc/self/ns/time': _, ...files } = HOST;
    const looks = looksOf({ ...files, '/proc/sys/user/max_user_namespaces': '0' });
    const findings = await examineHost(test.context, looks);
    expect(named(findings, 'user')).toMatchObject({
      state: 'limited',
      detail: 'forbidden by user.max_user_namespaces',
      remedy: 'sysctl user.max_user_namespaces=15000',
    });
    expect(named(findings, 'time')).toMatchObject({
      state: 'limited',
      cost: 'clocks of their own are refused to containers',
    });
  });

  it.each([
    ['one without owners', '1 0 0:9 / / rw - vfat /dev/sda rw', 'on vfat (/)'],
    ['a read-only one', '1 0 0:9 / / ro - ext4 /dev/sda rw', '/ is mounted ro'],
    ['one without programs', '1 0 0:9 / / rw,noexec - ext4 /dev/sda rw', '/ is mounted noexec'],
  ])('has a file system that no store can be on: %s', async (_, mountinfo, detail) => {
    const findings = await examine({ '/proc/self/mountinfo': mountinfo });
    expect(named(findings, test.context.paths.root)).toMatchObject({ state: 'missing', detail });
  });

  it.each<[string, string[], object]>([
    ['limits a new store', [], { state: 'limited', cost: expect.stringContaining('a copy of their image') }],
    ['limits a store that is made for it', ['layers', 'whole-trees'], { state: 'limited' }],
    [
      'hinders one that was made elsewhere',
      ['layers'],
      { state: 'missing', cost: expect.stringMatching(/^no container/) },
    ],
  ])('has a file system on which no overlay can lie, which %s', async (_, names, expected) => {
    const { root } = test.context.paths;
    const files = Object.fromEntries(
      names.map((name) => [join(root, name), 'no overlay can lie on overlay (/)']),
    );
    const findings = await examine({
      '/proc/self/mountinfo': '1 0 0:9 / / rw - overlay overlay rw',
      ...files,
    });
    expect(named(findings, root)).toMatchObject({ detail: 'on overlay (/)', ...expected });
  });

  it('has little space left', async () => {
    const findings = await examine({}, { space: () => ({ free: 5e8, total: 1e11 }) });
    expect(named(findings, test.context.paths.root)).toMatchObject({ state: 'limited' });
  });
});

describe('AppArmor', () => {
  const HAS_IT = { '/sys/module/apparmor/parameters/enabled': 'Y\n' };
  const LIST = '/sys/kernel/security/apparmor/profiles';
  const PARSER = { '/usr/sbin/apparmor_parser': '' };

  it.each([
    ["skiff's profile is loaded", { [LIST]: `${OWN_PROFILE} (enforce)\n` }, 'ok', OWN_PROFILE],
    ['it can be', { [LIST]: 'docker-default (enforce)\n', ...PARSER }, 'ok', OWN_PROFILE],
    ["only Docker's is there", { [LIST]: 'docker-default (enforce)\n' }, 'limited', 'docker-default'],
    ['nothing compiles profiles', { [LIST]: '' }, 'limited', 'no profile'],
    ['the list cannot be seen', PARSER, 'limited', 'no profile'],
  ])('says what containers run under: %s', async (_, files, state, profile) => {
    const finding = named(await examine({ ...HAS_IT, ...files }), 'AppArmor');
    expect(finding).toMatchObject({ state, detail: expect.stringMatching(new RegExp(` ${profile}$`)) });
  });

  it('says how to get the profile', async () => {
    const remedy = async (files: Record<string, string>) =>
      named(await examine({ ...HAS_IT, ...files }), 'AppArmor')?.remedy;
    expect(await remedy({ [LIST]: '' })).toContain('apparmor_parser');
    expect(await remedy(PARSER)).toContain('securityfs');
  });

  it('need not be there', async () => {
    expect(named(await examine(PARSER), 'AppArmor')).toBeUndefined();
    expect(named(await examine(PARSER), 'AppArmor or SELinux')).toMatchObject({ state: 'limited' });
  });
});

describe('cgroups', () => {
  const cgroups = (files: Record<string, string>, changes?: Partial<Looks>) => {
    return cgroupFindings(looksOf(files, changes));
  };

  it('of version 1 are found where they are mounted, and the missing ones are named', () => {
    const findings = cgroups({ '/proc/self/mountinfo': V1 });
    expect(named(findings, 'mode')?.detail).toMatch(/^v1 /);
    expect(named(findings, 'memory')).toMatchObject({ state: 'ok', detail: 'v1 at /sys/fs/cgroup/memory' });
    expect(named(findings, 'devices')).toMatchObject({ state: 'ok' });
    expect(named(findings, 'blkio')).toMatchObject({ state: 'missing' });
    expect(named(findings, 'freezer')).toMatchObject({ state: 'missing', cost: 'pause is refused' });
  });

  it('that are read-only, as inside of an unprivileged container, limit nothing', () => {
    const findings = cgroups({
      '/proc/self/mountinfo': V2_READ_ONLY,
      '/sys/fs/cgroup/cgroup.controllers': 'memory\n',
    });
    expect(named(findings, 'memory')).toMatchObject({
      state: 'limited',
      detail: '/sys/fs/cgroup is mounted read-only',
    });
    expect(named(findings, 'devices')).toMatchObject({ state: 'limited' });
  });

  it('that hold processes hand nothing down, and the remedy moves them', () => {
    const findings = cgroups({
      '/proc/self/mountinfo': V2,
      '/sys/fs/cgroup/cgroup.type': 'domain\n',
      '/sys/fs/cgroup/cgroup.procs': '1\n',
      '/sys/fs/cgroup/cgroup.controllers': 'memory\n',
    });
    expect(named(findings, 'memory')?.detail).toContain('holds processes');
    expect(named(findings, 'memory')?.remedy).toContain('/sys/fs/cgroup/init/cgroup.procs');
  });

  it('that are not mounted are one finding', () => {
    expect(cgroups({ '/proc/self/mountinfo': '' }).map(({ name, state }) => [name, state])).toEqual([
      ['mode', 'missing'],
    ]);
  });
});

describe('what a crash leaves', () => {
  const withoutCgroups: Looks = {
    ...THIS_HOST,
    read: (file) => (file === '/proc/self/mountinfo' ? undefined : THIS_HOST.read(file)),
  };
  const find = (looks: Looks = withoutCgroups) =>
    findLeftovers(test.context, looks).map(({ kind, name, foreign }) => ({
      kind,
      name: name.replace(`${test.directory}/`, ''),
      foreign: foreign !== undefined,
    }));

  it('is nothing in an empty store', () => {
    expect(find()).toEqual([]);
  });

  it('is found by the rows that are missing', () => {
    const { paths } = test.context;
    const files = join(paths.containers, ID);
    mkdirSync(files, { recursive: true });
    mkdirSync(join(paths.run, ID), { recursive: true });
    expect(find()).toEqual([
      { kind: 'runtime directory', name: `run/${ID}`, foreign: false },
      { kind: 'container directory', name: `containers/${ID}`, foreign: false },
    ]);
    insertContainer(test.context.database, containerRow({ starter: thisProcess() }), () => false);
    expect(find()).toEqual([]);
  });

  it('is not what a living monitor has, whatever the records say', () => {
    const run = join(test.context.paths.run, ID);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'state'), `monitor ${thisProcess()}\ninit ${thisProcess()}\nstarted 1\n`);
    expect(find()).toEqual([{ kind: 'runtime directory', name: `run/${ID}`, foreign: true }]);
  });

  it('is a temporary directory whose process has ended', async () => {
    const { tmp } = test.context.paths;
    mkdirSync(join(tmp, `${process.pid}-1-abcd`), { recursive: true });
    mkdirSync(join(tmp, `${thisProcess().replace(' ', '-')}-abcd`));
    expect(find()).toEqual([
      { kind: 'temporary directory', name: `tmp/${process.pid}-1-abcd`, foreign: false },
    ]);
  });

  it('is a lock that nobody holds, and what lies in the trash', () => {
    const { locks, trash } = test.context.paths;
    for (const directory of [locks, trash]) mkdirSync(directory);
    for (const name of ['free', 'held']) writeFileSync(join(locks, name), '');
    writeFileSync(join(trash, 'thing'), '');
    const read = (file: string) =>
      file === '/proc/locks'
        ? `1: FLOCK  ADVISORY  WRITE 1 fe:00:${THIS_HOST.inode(join(locks, 'held'))} 0 EOF\n`
        : withoutCgroups.read(file);
    expect(find({ ...THIS_HOST, read })).toEqual([
      { kind: 'trash', name: 'trash', foreign: false },
      { kind: 'lock', name: 'locks/free', foreign: false },
    ]);
  });

  it("is an empty cgroup that no store has a runtime directory for; one with processes is somebody else's", () => {
    const [other, busy] = ['d'.repeat(64), 'e'.repeat(64)];
    const cgroup = '/sys/fs/cgroup/memory/team';
    const looks = looksOf({
      '/proc/self/mountinfo': V1,
      [`${cgroup}/skiff-${ID}/cgroup.procs`]: '',
      [`${cgroup}/skiff-${ID}.monitor/cgroup.procs`]: '',
      [`${cgroup}/skiff-${other}/cgroup.procs`]: '',
      [`${cgroup}/skiff-${other}.monitor/cgroup.procs`]: '',
      [`${cgroup}/skiff-${busy}/cgroup.procs`]: '17\n',
      [`/run/skiff-0badcafe/${other}/plan`]: '',
    });
    expect(find(looks)).toEqual([
      { kind: 'cgroup', name: `${cgroup}/skiff-${ID}`, foreign: false },
      { kind: 'cgroup', name: `${cgroup}/skiff-${ID}.monitor`, foreign: false },
      { kind: 'cgroup', name: `${cgroup}/skiff-${busy}`, foreign: true },
    ]);
  });

  it('is not the cgroup of a container that begins or ends at that moment', () => {
    const mountinfo = { '/proc/self/mountinfo': V1 };
    const cgroup = { [`/sys/fs/cgroup/memory/skiff-${ID}/cgroup.procs`]: '' };
    const directory = { [`/run/skiff/${ID}/plan`]: '' };
    const changing = (before: Record<string, string>, after: Record<string, string>) => {
      let seen = false;
      const looks = () => looksOf({ ...mountinfo, ...(seen ? after : before) });
      // It changes once somebody has looked at the cgroups, or at the runtime directories.
      const directories = (path: string) => {
        const names = looks().directories(path);
        seen ||= path === '/sys/fs/cgroup/memory';
        return names;
      };
      const names = (path: string) => {
        const found = looks().names(path);
        seen ||= path === '/run/skiff' || path === '/run';
        return found;
      };
      const read = (file: string) => looks().read(file);
      return looksOf({}, { names, directories, read, exists: (path) => looks().exists(path) });
    };
    expect(find(changing({}, { ...cgroup, ...directory }))).toEqual([]);
    expect(find(changing({ ...cgroup, ...directory }, {}))).toEqual([]);
  });

  it('is kept, with the reason, when it cannot be cleaned or is not to be', async () => {
    const cleaned: string[] = [];
    const clean = async () => void cleaned.push('free');
    const fail = () => Promise.reject(new Error('busy'));
    const one = { kind: 'lock', name: 'n', detail: 'd' } as const;
    expect(
      await clearLeftovers([
        { ...one, clean },
        { ...one, clean: fail },
        { ...one, clean, foreign: 'theirs' },
      ]),
    ).toEqual([
      { ...one, left: 'cleaned', reason: undefined },
      { ...one, left: 'kept', reason: 'busy' },
      { ...one, left: 'kept', reason: 'theirs' },
    ]);
    expect(cleaned).toEqual(['free']);
  });

  it('goes when it is cleaned', async () => {
    const { run } = test.context.paths;
    mkdirSync(join(run, ID), { recursive: true });
    await clearLeftovers(findLeftovers(test.context, withoutCgroups));
    expect(existsSync(join(run, ID))).toBe(false);
  });
});
