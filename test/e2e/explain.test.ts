import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainedContainer } from '../../src/engine/explain/container.ts';
import type { ExplainedPull } from '../../src/engine/explain/pull.ts';
import { storePaths } from '../../src/host/paths.ts';
import { isAlive, processIdentity } from '../../src/host/process.ts';
import { capabilityMask } from '../../src/runtime/spec/capabilities.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { useInternet } from '../helpers/internet.ts';
import type { RunOptions } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

const directory = mkdtempSync(join(tmpdir(), 'skiff-explain-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** The registry is on the loopback of this test's own network namespace. */
const HERE = { through: [] };

const explain = async (...words: string[]): Promise<ExplainedContainer> =>
  JSON.parse(await store.ok(['run', '--explain=json', ...words]));

/** Everything below directories: modes, owners, sizes, times and contents. */
function inventory(...roots: string[]): string[] {
  return roots.filter((root) => existsSync(root)).flatMap(below);
}

/** What SQLite keeps beside its file for those who have it open is not its content; an empty log is as good as none. */
function below(path: string): string[] {
  const stat = lstatSync(path, { bigint: true });
  if (path.endsWith('state.db-shm') || (path.endsWith('state.db-wal') && stat.size === 0n)) return [];
  const { mode, uid, gid, ino, mtimeNs } = stat;
  // The directory of the database has that one's comings and goings.
  const times = path === store.root ? '' : `${mtimeNs}`;
  const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
  const names = stat.isDirectory() ? readdirSync(path).sort() : [];
  return [
    `${path} ${mode} ${uid} ${gid} ${ino} ${times} ${content}`,
    ...names.flatMap((name) => below(join(path, name))),
  ];
}

function mountsOfStore(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((text) => text.includes(store.root));
}

describe('what run would do', () => {
  const site = join(directory, 'site');
  const options = [
    ...['--network', 'none', '-m', '64m', '--cpus', '0.5', '--pids-limit', '50', '--hostname', 'box'],
    ...['-v', `${site}:/srv/site:ro`, '-v', 'named:/srv/named', '--tmpfs', '/run:size=1m,mode=750'],
    ...['--mount', 'type=tmpfs,dst=/scratch', '--cap-drop', 'ALL', '--cap-add', 'CHOWN', '--cap-add', 'kill'],
    ...['-e', 'TOKEN=x', '-w', '/srv', '--umask', '0027', '--sysctl', 'net.ipv4.ip_forward=1', '--read-only'],
    ...['--ulimit', 'nofile=100:200', '--security-opt', 'no-new-privileges', '--ipc', 'host'],
    ...['--add-host', 'db:192.0.2.77', '--restart', 'on-failure:3', '--stop-signal', 'INT'],
  ];
  const command = [busybox, 'sleep', '100000'];
  let explained: ExplainedContainer;
  let inspected: Record<string, unknown>;
  let id = '';
  let pid = '';
  const named = (text: string) => text.replaceAll('<id>', id).replaceAll('<short-id>', id.slice(0, 12));
  const ofProcess = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const status = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(ofProcess('status'))?.[1];

  beforeAll(async () => {
    mkdirSync(site);
    explained = await explain(...options, ...command);
    id = await store.ok(['run', '-d', '--name', 'real', ...options, ...command]);
    [inspected] = JSON.parse(await store.ok(['inspect', 'real']));
    pid = await internet.field('real', '{{.State.Pid}}');
  });

  it('are the mounts that the container has then, and no others', () => {
    const lines = ofProcess('mountinfo').trimEnd().split('\n');
    const seen = new Map(
      lines.map((text) => {
        const [front = '', back = ''] = text.split(' - ');
        const [, , , , target = '', words = ''] = front.split(' ');
        return [target, { type: back.split(' ')[0], words: words.split(',') }];
      }),
    );
    for (const { target, type, options: asked } of explained.mounts) {
      const found = seen.get(target);
      expect(found, target).toBeDefined();
      // Cgroups of version 1 are a tmpfs with a mount of each hierarchy.
      if (type !== 'bind' && type !== 'cgroup') expect(found?.type, target).toBe(type);
      for (const word of ['nosuid', 'nodev', 'noexec', 'ro'])
        if (asked.includes(word)) expect(found?.words, target).toContain(word);
    }
    expect(seen.get('/')?.words).toContain('ro');
    const { masked, readOnly } = explained.security;
    const known = [...explained.mounts.map(({ target }) => target), ...masked, ...readOnly];
    const isKnown = (target: string) => known.includes(target) || target.startsWith('/sys/fs/cgroup/');
    expect([...seen.keys()].filter((target) => !isKnown(target))).toEqual([]);
  });

  it('are the mounts that inspect shows of it', () => {
    const shown = inspected['Mounts'] as { Source: string; Destination: string; RW: boolean; Type: string }[];
    expect(shown).toHaveLength(3);
    for (const { Source, Destination, RW, Type } of shown) {
      const mount = explained.mounts.find(({ target }) => target === Destination);
      expect(mount).toMatchObject({ isAsked: true });
      expect(mount?.options.includes('ro')).toBe(!RW);
      if (Type !== 'tmpfs') expect(mount?.source).toBe(Source);
      expect(mount?.volume?.name).toBe(Type === 'volume' ? 'named' : undefined);
    }
  });

  it('are its cgroups and what the kernel has in their files', () => {
    const { directories, writes } = explained.cgroup;
    expect(directories.length).toBeGreaterThan(0);
    for (const { path } of directories)
      expect(readFileSync(`${named(path)}/cgroup.procs`, 'utf8').split('\n')).toContain(pid);
    const values = writes.filter(
      ({ file, value, isOptional }) =>
        value !== undefined && isOptional !== true && !/devices\.|subtree_control$/.test(file),
    );
    expect(values.length).toBeGreaterThanOrEqual(3);
    for (const { file, value } of values) expect(readFileSync(named(file), 'utf8').trim()).toBe(value);
  });

  it('are its namespaces', () => {
    const files = { mount: 'mnt', network: 'net' } as Record<string, string>;
    for (const { type, how } of explained.namespaces) {
      const link = `ns/${files[type] ?? type}`;
      const isHosts = readlinkSync(`/proc/${pid}/${link}`) === readlinkSync(`/proc/self/${link}`);
      // The network of the host is not that of this test.
      if (type !== 'network') expect(isHosts ? 'host' : 'new', type).toBe(how);
    }
    expect(explained.namespaces).toContainEqual({ type: 'ipc', how: 'host', isAsked: true });
  });

  it('are its rights and its limits', () => {
    const { bounding, effective, noNewPrivileges, seccomp } = explained.security;
    const mask = (names: readonly string[]) => capabilityMask(names).padStart(16, '0');
    expect(bounding).toEqual(['CAP_CHOWN', 'CAP_KILL']);
    expect([status('CapBnd'), status('CapEff')]).toEqual([mask(bounding), mask(effective)]);
    expect([noNewPrivileges, status('NoNewPrivs')]).toEqual([true, '1']);
    expect([seccomp, status('Seccomp')]).toEqual(['builtin', '2']);
    expect(explained.rlimits).toEqual([{ name: 'nofile', soft: '100', hard: '200', isAsked: true }]);
    expect(ofProcess('limits')).toMatch(/^Max open files\s+100\s+200\s/m);
  });

  it('are its command, its environment and its names', async () => {
    const { argv, env, cwd, umask, asked } = explained.process;
    const words = (file: string) => ofProcess(file).split('\0').slice(0, -1);
    expect(words('cmdline')).toEqual(argv);
    const home = { name: 'HOME', from: 'passwd' };
    expect(env.at(-1)).toEqual(home);
    const values = env.map(({ name, value = '/root' }) => `${name}=${value}`);
    expect(words('environ')).toEqual(values);
    expect(env).toContainEqual({ name: 'TOKEN', value: 'x', from: 'asked' });
    expect([readlinkSync(`/proc/${pid}/cwd`), status('Umask')]).toEqual([cwd, umask]);
    expect(asked).toEqual(['argv', 'cwd', 'umask']);
    expect(ofProcess('root/etc/hosts')).toBe(explained.names?.hosts);
    expect(ofProcess('root/etc/resolv.conf')).toBe(explained.names?.resolvConf);
    const sysctl = explained.sysctls.find(({ isAsked }) => isAsked);
    expect(sysctl).toEqual({ name: 'net.ipv4.ip_forward', value: '1', isAsked: true });
    expect(await store.ok(['exec', 'real', 'cat', '/proc/sys/net/ipv4/ip_forward'])).toBe('1');
  });

  it('are the image, the log and the end that inspect shows', () => {
    const { image, supervision, hostname } = explained;
    expect(inspected).toMatchObject({
      Image: image.id,
      LogPath: named(supervision.log?.path ?? ''),
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } },
      Config: { Hostname: hostname, StopSignal: 'INT' },
    });
    expect(supervision).toMatchObject({ restart: { name: 'on-failure', maximum: 3 }, stop: { signal: 2 } });
  });
});

describe('networks that are explained', () => {
  it('are those of the run that follows: address, links, ports and elements of the firewall', async () => {
    await store.ok(['network', 'create', '--subnet', '172.28.0.0/24', 'front']);
    const options = ['--network', 'front', '-p', '8080:80', '-p', '127.0.0.1:5353:53/udp', '-p', '90'];
    const first = await explain(...options, busybox);
    const second = await explain(...options, busybox);
    const [endpoint] = second.networks;
    expect(endpoint?.addresses).toEqual(first.networks[0]?.addresses);
    expect(internet.portElements()).toEqual([]);
    await store.ok(['run', '-d', '--name', 'web', ...options, busybox, 'sleep', '100000']);
    expect(endpoint?.addresses).toEqual([await internet.address('web', 'front')]);
    expect(endpoint).toMatchObject({ network: 'front', isLinkThere: true, isNetworkNew: false });
    const link = endpoint?.host?.find(([op]) => op === 'veth')?.[1] ?? '';
    const id = await internet.field('web', '{{.Id}}');
    const isLink = (name: string) => name === link.replace('<short-id>', id.slice(0, 10));
    expect(internet.host.namespace.links().some(isLink)).toBe(true);
    const named = (endpoint?.ports ?? []).filter(({ isChosen }) => !isChosen);
    const elements = named.flatMap(({ element = '' }) => {
      const [, set, text] = /^inet \S+ (\w+) \{ (.*) \}$/.exec(element) ?? [];
      return set === undefined ? [] : [`${set}: ${text}`];
    });
    expect(elements).toHaveLength(2);
    expect(internet.portElements()).toEqual(expect.arrayContaining(elements));
    expect(second.names?.resolver).toMatchObject({ forward: 'host' });
  });

  it('can be new, and need not be there for that', async () => {
    const { networks } = await explain('--network', 'bridge', '-p', '80', busybox);
    expect(networks).toMatchObject([
      { network: 'bridge', isNetworkNew: true, isLinkThere: false, ports: [{ isChosen: true }, {}] },
    ]);
    expect(networks[0]?.bridge?.sets).toContain('sources4');
  });
});

describe('nothing changes', () => {
  it('in the store, on the host or in the kernel, whatever is explained', async () => {
    const missing = join(directory, 'missing');
    const temporary = join(directory, 'temporary');
    mkdirSync(temporary);
    const options = [
      ...[
        '--network',
        'bridge',
        '-p',
        '8081:80',
        '-v',
        `${missing}:/m`,
        '-v',
        'new:/bin',
        '-v',
        '/anonymous',
      ],
      ...['--uidmap', '0:100000:65536', '-m', '64m', '--cidfile', join(directory, 'id'), '--name', 'none'],
    ];
    const links = internet.host.namespace.links();
    const mounts = mountsOfStore();
    const before = inventory(store.root, store.runRoot);
    const env = { TMPDIR: temporary };
    const text = await store.ok(['run', '--explain', ...options, busybox], { env });
    expect(text).toContain('begins with what the image has there');
    await store.ok(['create', '--explain=json', ...options, busybox], { env });
    await store.ok(['run', '--explain', '-d', '--rm', '--network', 'none', 'hello'], { env });
    expect(inventory(store.root, store.runRoot)).toEqual(before);
    expect([existsSync(missing), existsSync(join(directory, 'id')), readdirSync(temporary)]).toEqual([
      false,
      false,
      [],
    ]);
    expect(internet.host.namespace.links()).toEqual(links);
    expect(mountsOfStore()).toEqual(mounts);
  });

  it('where there is no store yet', async () => {
    const root = join(directory, 'no-store');
    const { stdout, code } = await store.skiff([
      '--root',
      root,
      'run',
      '--explain',
      '--network',
      'none',
      'hello',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('skiff itself: it is unpacked first');
    expect([existsSync(root), existsSync(storePaths(root).run)]).toEqual([false, false]);
  });
});

describe('an image that is not here', () => {
  const root = join(directory, 'fresh');
  const fresh = async (...words: string[]) => JSON.parse(await store.ok(['--root', root, ...words], HERE));

  it('is explained by what its registry says, and a pull does that', async () => {
    const pull: ExplainedPull = await fresh('pull', '--explain=json', busybox);
    expect(existsSync(root)).toBe(false);
    expect(pull.layers.length).toBeGreaterThan(0);
    expect(pull.layers.every(({ state }) => state === 'missing')).toBe(true);
    expect(pull.download).toBe(pull.layers.reduce((sum, { size }) => sum + size, 0));
    expect(pull.asked.at(-1)).toMatchObject({ method: 'GET', status: 200 });
    expect(pull.before).toBeUndefined();
    const remote: ExplainedContainer = await fresh('run', '--explain=json', '--network', 'none', busybox);
    expect(existsSync(root)).toBe(false);
    expect(remote.image).toMatchObject({ from: 'registry', id: pull.id, pull: { digest: pull.digest } });

    await store.ok(['--root', root, 'pull', '-q', busybox], HERE);
    const again: ExplainedPull = await fresh('pull', '--explain=json', busybox);
    expect(again).toMatchObject({ id: pull.id, digest: pull.digest, before: pull.id, download: 0 });
    expect(again.layers.every(({ state }) => state === 'here')).toBe(true);
    const [{ Id }] = await fresh('inspect', busybox);
    expect(Id).toBe(pull.id);
    const local: ExplainedContainer = await fresh('run', '--explain=json', '--network', 'none', busybox);
    expect({ ...local, image: {}, mounts: local.mounts.slice(1) }).toEqual({
      ...remote,
      image: {},
      mounts: remote.mounts.slice(1),
    });
    const text = await store.ok(['--root', root, 'pull', '--explain', busybox], HERE);
    expect(text).toContain('nothing: all layers are here');
  });
});

describe('what a container holds whose monitor was killed', () => {
  it('is free in what is explained, and stays as it is until somebody starts one', async () => {
    const options = [
      '--network',
      'front',
      '--ip',
      '172.28.0.77',
      '-p',
      '8088:80',
      busybox,
      'sleep',
      '100000',
    ];
    await store.ok(['run', '-d', '--name', 'orphan', ...options]);
    const first = Number(await internet.field('orphan', '{{.State.Pid}}'));
    const identity = processIdentity(first);
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${first}/status`, 'utf8'))?.[1];
    process.kill(Number(parent), 'SIGKILL');
    await until(() => identity === undefined || !isAlive(identity));
    const before = inventory(store.runRoot);
    const explained = await explain(...options);
    expect(explained).toMatchObject({ cleansUp: ['orphan'], networks: [{ addresses: ['172.28.0.77'] }] });
    expect(inventory(store.runRoot)).toEqual(before);
    await store.ok(['run', '-d', '--name', 'heir', ...options]);
    expect(await internet.address('heir', 'front')).toBe('172.28.0.77');
  });
});

describe('what cannot be', () => {
  it.each<[what: string, words: string[], how?: RunOptions]>([
    ['an image that there is not', [`${busybox.split('/')[0]}/nobody/has-it`], HERE],
    ['an image that may not be fetched', ['--pull', 'never', 'localhost/not-here']],
    ['a source that is missing', ['--mount', 'type=bind,src=/not/there,dst=/x', busybox]],
    ['too little memory', ['-m', '1k', busybox]],
    ['a name that is taken', ['--name', 'real', busybox]],
    ['a network that is not there', ['--network', 'nowhere', busybox]],
    ['an unknown capability', ['--cap-add', 'everything', busybox]],
    ['a port of another container', ['--network', 'front', '-p', '8080:80', busybox]],
  ])('%s is refused as by a run', async (_, words, how = {}) => {
    const always = ['-q', ...(words.includes('--network') ? [] : ['--network', 'none'])];
    const explained = await store.skiff(['run', '--explain', ...always, ...words], how);
    expect(explained).toMatchObject({ code: 125, stdout: '' });
    expect(explained).toEqual(await store.skiff(['run', ...always, ...words], how));
  });

  it('is another form than text and JSON', async () => {
    const { code, stderr } = await store.skiff(['run', '--explain=yaml', busybox]);
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: 'skiff: "yaml" is not known here\nhint: use text or json\n',
    });
  });

  it('is nothing when it is switched off', async () => {
    const words = ['run', '--explain=false', '--rm', '--network', 'none', busybox, 'echo', 'done'];
    expect(await store.ok(words)).toBe('done');
  });

  it('a container that goes first is said, and its ports are free then', async () => {
    const words = ['--name', 'web', '--replace', '--network', 'front', '-p', '8080:80', busybox];
    expect(await explain(...words)).toMatchObject({ name: 'web', replaces: 'web' });
    expect(await internet.field('web', '{{.State.Status}}')).toBe('running');
  });
});
