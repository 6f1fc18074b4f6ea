import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { storePaths } from '../../src/host/paths.ts';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { EXECUTABLE, namesIn, type Store, useStore } from '../helpers/skiff.ts';

/** Trees whose owners and modes are an image's, or a container's, also while what was removed is taken apart. */
const OF_IMAGES = /^store\/(layers\/\*|volumes\/[^/]+|containers\/\*\/(upper|work|rootfs)|trash)\//;

/** Every kind of file and directory that a store has, with its mode, and its owner unless that is root. */
function inventory({ root, runRoot }: Store): string[] {
  const lines = new Set<string>();
  const add = (path: string, name: string): void => {
    // The last container of all is being removed at that moment.
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return;
    const type = entry.isDirectory() ? 'd' : entry.isFile() ? '-' : entry.isSocket() ? 's' : '?';
    const owner = entry.uid === 0 && entry.gid === 0 ? '' : ` ${entry.uid}:${entry.gid}`;
    lines.add(`${type}${(entry.mode & 0o7777).toString(8)} ${name}${owner}`);
    if (!entry.isDirectory() || OF_IMAGES.test(`${name}/`)) return;
    for (const below of namesIn(path)) add(join(path, below), `${name}/${general(below)}`);
  };
  add(root, 'store');
  add(runRoot, 'run');
  return [...lines].sort((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? ''));
}

/** Ids and digests become `*`, the numbers of logs `N`. */
function general(name: string): string {
  return name
    .replace(/[0-9a-f]{64}/, '*')
    .replace(/^eth\d$/, 'eth*')
    .replace(/^log\.\d+$/, 'log.N');
}

/** What its users see of a container, and the resolvers, which have no rights: all of it below a closed directory. */
const FOR_CONTAINERS = [
  /^store\/containers\/\*\/(hosts|hostname|resolv\.conf|localtime|upper|work|rootfs)$/,
  /^store\/layers\/\*$/,
  /^store\/volumes\/(data|memory|\*)$/,
  /^store\/helper\/\*\/skiff-helper$/,
  /^run\/names(\/.*)?$/,
];

/** Whether everybody on the host could read, write or execute it, if the directories above it let them. */
function isOpen(line: string): boolean {
  const [, others, name = ''] = /^.\d*(\d) (\S+)/.exec(line) ?? [];
  return others !== '0' && !FOR_CONTAINERS.some((pattern) => pattern.test(name));
}

const { reference: busybox } = inject('busybox');

describe.each(['000', '077'])('with the umask %s', (umask) => {
  let namespace: NetworkNamespace;
  const store = useStore(
    () => ({
      through: [...namespace.enter, 'sh', '-c', 'umask "$0" && exec "$@"', umask],
      env: { SKIFF_NETWORK: '' },
    }),
    () => namespace.remove(),
  );

  /** Uses whatever makes files, and leaves containers that run. */
  beforeAll(async () => {
    namespace = await NetworkNamespace.make();
    namespace.run('ip', 'link', 'set', 'lo', 'up');
    const off = 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding';
    namespace.run('sh', '-c', off);
    rmdirSync(store.root);
    await store.ok(['pull', busybox], { through: ['sh', '-c', 'umask "$0" && exec "$@"', umask] });
    await store.ok(['network', 'create', '--ipv6', 'front']);
    await store.ok(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory']);
    const network = ['--network', 'front', '-p', '127.0.0.1::80', '--hostname', 'web'];
    const supervision = ['--restart', 'always', '--health-cmd', 'true', '--health-interval', '100ms'];
    const files = [
      '-v',
      'data:/data',
      '-v',
      '/anonymous',
      '-v',
      'memory:/memory',
      '--tz',
      'UTC',
      '--log-opt',
      'max-size=1k',
      '--log-opt',
      'max-file=3',
    ];
    const talk = 'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000';
    await store.ok([
      'run',
      '-d',
      '--name',
      'web',
      ...network,
      ...supervision,
      ...files,
      busybox,
      'sh',
      '-c',
      talk,
    ]);
    await store.ok([
      'run',
      '-d',
      '--name',
      'mapped',
      '--uidmap',
      '0:300000:1000',
      '--gidmap',
      '0:300000:1000',
      '--network',
      'front',
      busybox,
      'sleep',
      '1000',
    ]);
    await store.ok(['exec', '-d', 'web', 'sleep', '1000']);
    await store.ok(['rename', 'web', 'site']);
    await store.skiff(['run', '--name', 'ended', busybox, 'false']);
    await store.ok(['run', '--rm', busybox, 'true']);
    await store.ok(['run', '-d', '--rm', busybox, 'true']);
  });

  it('nothing is open to others but what containers have to see', () => {
    const made = inventory(store);
    expect(made.length).toBeGreaterThan(40);
    expect(made.filter(isOpen)).toEqual([]);
  });

  it('nothing belongs to others but the files of a container that has ids of its own', () => {
    const theirs = inventory(store).filter((line) => / \d+:\d+$/.test(line));
    expect(theirs).toEqual(
      ['hostname', 'hosts', 'resolv.conf'].map((name) => `-644 store/containers/*/${name} 300000:300000`),
    );
  });

  it.each([
    [
      'the database',
      /store\/state\.db/,
      ['-600 store/state.db', '-600 store/state.db-shm', '-600 store/state.db-wal'],
    ],
    ['what decides about forwarding', /run\/uplinks/, ['-600 run/uplinks4', '-600 run/uplinks6']],
    ['what says whose a runtime directory is', /run\/root/, ['-600 run/root']],
    ['what the last one on networks takes along', /run\/last-out/, ['-600 run/last-out']],
    ['the journal of events', /store\/events/, ['-600 store/events.log']],
    [
      'where volumes lie, and who mounts for them',
      /volumes(\/memory)?$/,
      ['d700 run/volumes', '-600 run/volumes/memory', 'd710 store/volumes', 'd1777 store/volumes/memory'],
    ],
    ['what is being removed', /store\/trash/, ['d700 store/trash']],
    ['logs', /\/log/, ['', '.N'].map((number) => `-600 store/containers/*/log${number}`)],
  ])('only root reads and writes %s', (_, pattern, modes) => {
    expect(inventory(store).filter((line) => pattern.test(line))).toEqual(modes);
  });

  it('another user of the host gets neither into the store nor into the runtime directory', async () => {
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    for (const path of [join(store.root, 'state.db'), join(store.runRoot, 'names/networks'), store.runRoot]) {
      const { exitCode, stderr } = await execa('setpriv', [...nobody, 'ls', path], { reject: false });
      expect([exitCode, String(stderr)]).toEqual([2, expect.stringContaining('Permission denied')]);
    }
  });

  it('users of a container read its files and its cgroup, and resolve names', async () => {
    const script =
      'cat /etc/hosts /etc/hostname /etc/resolv.conf && ls /sys/fs/cgroup/* >/dev/null && nslookup mapped.';
    for (const name of ['site', 'mapped']) {
      const said = await store.ok(['exec', '-u', '500', name, 'sh', '-c', script]);
      expect(said).toContain('nameserver 127.0.0.11');
      expect(said).toMatch(/Address: 172\./);
    }
  });
});

it.each([
  ['belongs to another user (uid 1234)', (root: string) => chownSync(root, 1234, 0)],
  ['other users may write to', (root: string) => chmodSync(root, 0o1777)],
  ['other users may write to', (root: string) => chownSync(root, 0, 1234)],
])('refuses a root into which somebody else may have put a database: %s', async (message, open) => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-others-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o770);
  writeFileSync(join(root, 'state.db'), '');
  open(root);
  const { exitCode, stderr } = await execa(EXECUTABLE, ['--root', root, 'ps'], { reject: false });
  expect([exitCode, stderr]).toEqual([125, expect.stringContaining(message)]);
  expect([readdirSync(root), existsSync(storePaths(root).run)]).toEqual([['state.db'], false]);
});

it('closes a database and directories that an earlier version left open', async () => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-open-'));
  const store = { root, runRoot: storePaths(root).run };
  onTestFinished(() => {
    for (const directory of [store.root, store.runRoot]) rmSync(directory, { recursive: true });
  });
  const skiff = () => execa(EXECUTABLE, ['--root', store.root, 'ps']);
  await skiff();
  const database = join(store.root, 'state.db');
  for (const [path, mode] of [
    [store.root, 0o711],
    [store.runRoot, 0o711],
    [database, 0o644],
  ] as const)
    chmodSync(path, mode);
  await skiff();
  const modes = [store.root, store.runRoot, database].map((path) =>
    (statSync(path).mode & 0o777).toString(8),
  );
  expect(modes).toEqual(['710', '710', '600']);
});

it('closes a root that everybody may write to, as a tmpfs just mounted, while it is empty', async () => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-open-'));
  onTestFinished(() => {
    for (const directory of [root, storePaths(root).run]) rmSync(directory, { recursive: true });
  });
  chmodSync(root, 0o1777);
  const { exitCode, stderr } = await execa(EXECUTABLE, ['--root', root, 'ps'], { reject: false });
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(statSync(root).mode & 0o7777).toBe(0o710);
});
