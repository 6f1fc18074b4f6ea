import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import {
  DEFAULT_CAPABILITIES,
  finished,
  gone,
  makeLayer,
  type PlannedContainer,
  printed,
  useRoom,
} from '../helpers/plan.ts';
import { found } from '../helpers/until.ts';

const room = useRoom();
type Wishes = Parameters<typeof room.plan>[0];

const ALL = ['mount', 'pid', 'uts', 'ipc', 'net', 'cgroup'];
const V2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const UNIFIED = V2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
const FREEZER_V1 = '/sys/fs/cgroup/freezer';
const HAS_TIME = existsSync('/proc/self/ns/time');

/** Namespaces of everything but what is joined. */
function joining(target: PlannedContainer, ...types: string[]): Pick<Wishes, 'namespaces' | 'general'> {
  const { pid, startTime } = target.state.init;
  return {
    namespaces: ALL.filter((name) => !types.includes(name)),
    general: types.map((type): PlanRecord => ['join', type, String(pid), String(startTime)]),
  };
}

async function running(wishes: Partial<Wishes> = {}): Promise<PlannedContainer> {
  const container = room.plan({ args: ['sleep', '1000'], process: [DEFAULT_CAPABILITIES], ...wishes });
  const { stderr, code } = await container.detach();
  expect([stderr, code]).toEqual(['', 0]);
  return container;
}

async function end(container: PlannedContainer): Promise<void> {
  await container.ask('stop 9 0');
  expect(container.leftovers()).toEqual([]);
}

async function output(line: string, wishes: Partial<Wishes> = {}): Promise<string> {
  const { stdout, stderr, code } = await room.plan({ args: ['sh', '-c', line], ...wishes }).run();
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString().trimEnd();
}

const READ_ALL = 'for n in pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done';
const allOf = (pid: number): string[] =>
  ['pid', 'uts', 'ipc', 'net', 'cgroup'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));

/** The first process of a container on its way to its command: in a cgroup that was frozen before it came. */
async function onItsWay<T>(wishes: Partial<Wishes>, look: (pid: number) => T): Promise<T> {
  const [parent = '', state = '', frozen = '', thawed = ''] = V2
    ? [UNIFIED, 'cgroup.freeze', '1', '0']
    : [FREEZER_V1, 'freezer.state', 'FROZEN', 'THAWED'];
  const cgroup = `${parent}/skiff-native-frozen-${process.pid}`;
  mkdirSync(cgroup);
  try {
    const general: PlanRecord[] = [...(wishes.general ?? []), ['cgroup', V2 ? 'v2' : 'v1', cgroup]];
    const setup: PlanRecord[] = [['write', join(cgroup, state), frozen]];
    const child = room.plan({ args: ['true'], ...wishes, general, setup }).start();
    const result = finished(child);
    const pid = await found(() => /^\d+/.exec(readFileSync(join(cgroup, 'cgroup.procs'), 'utf8'))?.[0]);
    const seen = look(Number(pid));
    writeFileSync(join(cgroup, state), thawed);
    expect(await result).toMatchObject({ code: 0, stderr: '' });
    return seen;
  } finally {
    rmdirSync(cgroup);
  }
}

describe('the namespaces of another container', () => {
  it('do not show its processes the environment and the arguments of who starts a container in them', async () => {
    const target = await running();
    const letters = (name: string) => (pid: number) =>
      readFileSync(`/proc/${pid}/${name}`).filter((byte) => byte !== 0).length;
    for (const name of ['environ', 'cmdline'])
      expect(await onItsWay(joining(target, 'pid'), letters(name))).toBe(0);
    await end(target);
  });

  it('are entered, the one that is named and no other', async () => {
    const target = await running();
    const theirs = allOf(target.state.init.pid);
    for (const [index, type] of ['pid', 'uts', 'ipc', 'net', 'cgroup'].entries()) {
      const text = await output(READ_ALL, { ...joining(target, type), showsCgroups: false });
      const same = text.split('\n').map((name, at) => name === theirs[at]);
      expect([type, same]).toEqual([type, [0, 1, 2, 3, 4].map((at) => at === index)]);
    }
    await end(target);
  });

  it('are entered all at once', async () => {
    const target = await running();
    const text = await output(
      `${READ_ALL}; hostname; echo $$`,
      joining(target, 'pid', 'uts', 'ipc', 'net', 'cgroup'),
    );
    expect(text.split('\n').slice(0, 6)).toEqual([...allOf(target.state.init.pid), 'ketch']);
    expect(Number(text.split('\n')[6])).toBeGreaterThan(1);
    await end(target);
  });

  it.runIf(existsSync(join(UNIFIED, 'cgroup.procs')) && !V2)(
    'are entered from a v2 cgroup, too',
    async () => {
      const target = await running();
      const cgroup = join(UNIFIED, `skiff-join-${process.pid}`);
      const { namespaces, general = [] } = joining(target, 'cgroup');
      const wishes: Partial<Wishes> = {
        ...(namespaces === undefined ? {} : { namespaces }),
        general: [...general, ['cgroup', 'v2', cgroup]],
        teardown: [['rmdir-cgroup', cgroup]],
        showsCgroups: false,
      };
      expect(await output('grep ^0: /proc/self/cgroup', wishes)).toMatch(/skiff-join/);
      expect(existsSync(cgroup)).toBe(false);
      await end(target);
    },
  );

  it('are refused when the process is gone, or another one has its pid', async () => {
    const target = await running();
    const { pid, startTime } = target.state.init;
    const attempt = async (start: number): Promise<string> => {
      const general: PlanRecord[] = [['join', 'net', String(pid), String(start)]];
      const container = room.plan({
        args: ['true'],
        namespaces: ALL.filter((name) => name !== 'net'),
        general,
      });
      const { stderr, code } = await container.run();
      expect(code).toBe(125);
      expect(container.leftovers()).toEqual([]);
      return stderr;
    };
    expect(await attempt(startTime + 1)).toBe('skiff-helper: join: net: No such process\n');
    await end(target);
    expect(await attempt(startTime)).toBe('skiff-helper: join: net: No such process\n');
  });

  it('leave nothing of the stage behind', async () => {
    const target = await running();
    const container = await running(joining(target, 'net', 'ipc'));
    const children = readFileSync(
      `/proc/${container.state.monitor.pid}/task/${container.state.monitor.pid}/children`,
      'utf8',
    );
    expect(children.trim()).toBe(String(container.state.init.pid));
    await end(container);
    await end(target);
  });

  it('end with what was left in them, though its first process is no PID 1', async () => {
    const target = await running();
    const container = room.plan({
      args: ['sh', '-c', 'sleep 1000 & sleep 1000 & echo up; wait'],
      ...joining(target, 'pid'),
    });
    const child = container.start();
    const result = finished(child);
    await printed(child, 'up');
    const procs = join(container.cgroups[V2 ? 0 : 2] ?? '', 'cgroup.procs');
    const pids = readFileSync(procs, 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(3);
    process.kill(container.state.init.pid, 'SIGKILL');
    expect((await result).code).toBe(137);
    expect(container.leftovers()).toEqual([]);
    for (const pid of pids) expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
    await end(target);
  });

  it('are left when the monitor dies, and cleaned up after', async () => {
    const target = await running();
    const container = await running(joining(target, 'pid', 'net'));
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(init.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.leftovers()).toEqual([]);
    await end(target);
  });

  it('keep the powers of their owner over them: a new user namespace has none', async () => {
    const target = await running();
    const container = room.plan({
      args: ['sh', '-c', 'readlink /proc/self/ns/net; ip link set lo down 2>&1'],
      firstId: 300000,
      ...joining(target, 'net'),
      without: ['/sys'],
      showsCgroups: false,
      init: [['bind', '/sys', '/sys', 'rec,ro,mkdir']],
    });
    const { stdout, code } = await container.run();
    expect(stdout.toString()).toMatch(/^net:\[\d+\]\n.*Operation not permitted/);
    expect(stdout.toString().split('\n')[0]).toBe(readlinkSync(`/proc/${target.state.init.pid}/ns/net`));
    expect(code).not.toBe(0);
    const refused = await room
      .plan({ args: ['true'], firstId: 300000, ...joining(target, 'net'), showsCgroups: false })
      .run();
    expect([refused.stderr, refused.code]).toEqual([
      'skiff-helper: mount: /sys: Operation not permitted\n',
      125,
    ]);
    await end(target);
  });
});

describe.runIf(HAS_TIME)('a time namespace', () => {
  const time = (general: PlanRecord[]): Partial<Wishes> => ({ namespaces: [...ALL, 'time'], general });

  it('has clocks that are set off', async () => {
    const before = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const offsets: PlanRecord[] = [
      ['time-offset', 'monotonic', '86400', '500'],
      ['time-offset', 'boottime', '864000', '0'],
    ];
    const [uptime = '', offset = ''] = (
      await output('cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets', time(offsets))
    ).split(/\n(.*)/s);
    expect(Number(uptime) - before).toBeGreaterThan(863990);
    expect(Number(uptime) - before).toBeLessThan(864600);
    expect(offset.replace(/ +/g, ' ')).toBe('monotonic 86400 500\nboottime 864000 0');
  });

  it('is its own also without any', async () => {
    expect(await output('readlink /proc/self/ns/time', time([]))).not.toBe(
      readlinkSync('/proc/self/ns/time'),
    );
  });

  it('goes with a user namespace', async () => {
    const wishes = { ...time([['time-offset', 'boottime', '1000000', '0']]), firstId: 300000 };
    expect(Number(await output('cut -d. -f1 /proc/uptime', wishes))).toBeGreaterThan(1000000);
  });

  it('cannot be before the beginning of time', async () => {
    const container = room.plan({
      args: ['true'],
      ...time([['time-offset', 'monotonic', '-99999999999', '0']]),
    });
    const { stderr, code } = await container.run();
    expect(stderr).toMatch(/^skiff-helper: time-offset: monotonic: .*(range|representable)/);
    expect(code).toBe(125);
    expect(container.leftovers()).toEqual([]);
  });
});

describe('names', () => {
  it('are a host name and a domain', async () => {
    const line = 'hostname; cat /proc/sys/kernel/domainname';
    expect(await output(line, { init: [['domainname', 'sea.example']] })).toBe('ketch\nsea.example');
  });
});

describe('the mount of another container', () => {
  const bindOf = (
    target: PlannedContainer,
    source: string,
    flags = 'nosuid,nodev,noexec,mkdir',
  ): PlanRecord => {
    const { pid, startTime } = target.state.init;
    return ['bind-of', String(pid), String(startTime), source, '/dev/shm', flags];
  };

  it('is shared', async () => {
    const target = await running();
    const wishes = { without: ['/dev/shm'], init: [bindOf(target, '/dev/shm')] };
    await output('echo from here > /dev/shm/x', wishes);
    const { pid } = target.state.init;
    expect(readFileSync(`/proc/${pid}/root/dev/shm/x`, 'utf8')).toBe('from here\n');
    const line = 'cat /dev/shm/x; grep /dev/shm /proc/self/mounts';
    expect(await output(line, wishes)).toMatch(/^from here\nshm \/dev\/shm tmpfs rw,nosuid,nodev,noexec,/);
    const users = { ...wishes, firstId: 300000 };
    expect(await output('cat /dev/shm/x', users)).toBe('from here');
    await end(target);
  });

  it('is refused where it is something else', async () => {
    const layer = join(room.root, 'trap');
    makeLayer(layer);
    mkdirSync(join(layer, 'plain'));
    symlinkSync('/dev/shm', join(layer, 'link'));
    symlinkSync('/dev', join(layer, 'devices'));
    symlinkSync('/proc/1/root', join(layer, 'magic'));
    writeFileSync(join(layer, 'file'), '');
    const target = await running({ layer, init: [['mount', 'tmpfs', 'x', '/t', 'mkdir', '']] });
    mkdirSync(`/proc/${target.state.init.pid}/root/t/below`);
    const { pid, startTime } = target.state.init;
    const attempt = async (source: string): Promise<string> => {
      const bind: PlanRecord = ['bind-of', String(pid), String(startTime), source, '/x', 'mkdir'];
      const container = room.plan({ args: ['true'], init: [bind] });
      const { stderr, code } = await container.run();
      expect(code).toBe(125);
      expect(container.leftovers()).toEqual([]);
      return stderr.replace(/^skiff-helper: bind-of: /, '').trim();
    };
    expect(await attempt('/link')).toMatch(/^\/link: .*symbolic link/i);
    expect(await attempt('/devices/shm')).toMatch(/symbolic link/i);
    expect(await attempt('/magic')).toMatch(/symbolic link/i);
    expect(await attempt('/plain')).toBe('/plain: Invalid argument');
    expect(await attempt('/t/below')).toBe('/t/below: Invalid argument');
    expect(await attempt('/proc')).toBe('/proc: Invalid argument');
    expect(await attempt('/file')).toBe('/file: Invalid argument');
    expect(await attempt('/../../../../tmp')).toBe('/../../../../tmp: Invalid argument');
    expect(await attempt('/nothing')).toBe('/nothing: No such file or directory');
    await end(target);
    expect(await attempt('/dev/shm')).toBe('/dev/shm: No such process');
  });
});

describe('a device', () => {
  it('has the owner of the plan', async () => {
    const init: PlanRecord[] = [['node', '/dev/mine', 'c', '1', '5', '640', '7', '8']];
    expect(await output('stat -c "%a %u %g %t %T" /dev/mine', { init })).toBe('640 7 8 1 5');
  });
});

describe('cgroups', () => {
  it('can be written to when asked', async () => {
    const mount: PlanRecord = V2
      ? ['cgroup-mount', '/cg', 'v2', 'rw']
      : ['cgroup-mount', '/cg', 'v1', 'rw', 'pids'];
    const directory = V2 ? '/cg' : '/cg/pids';
    expect(
      await output(`mkdir ${directory}/x && ls -d ${directory}/x && rmdir ${directory}/x`, { init: [mount] }),
    ).toBe(`${directory}/x`);
  });
});
