import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, errno, KILL, writeFilter } from '../helpers/filter.ts';
import { tries } from '../helpers/long.ts';
import {
  finished,
  gone,
  HELPER,
  HELPER_IS_STATIC,
  type PlannedContainer,
  printed,
  useRoom,
} from '../helpers/plan.ts';
import { useTerminals } from '../helpers/pty.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();
const terminals = useTerminals();
let container: PlannedContainer;

/** Runs until its socket is asked to end it. */
const ENDLESS = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'];

beforeAll(async () => {
  container = room.plan({ args: ENDLESS });
  await container.detach();
});

afterAll(async () => {
  await container.ask('stop 9 1000');
});

const sh = (script: string) => ['sh', '-c', script];

/** What a process that was exec'ed prints. */
async function output(args: readonly string[], more = {}): Promise<string> {
  const { stdout, stderr, code } = await container.execute({ args, ...more });
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString();
}

/** Resolves when a file of the container is there. */
async function seen(own: PlannedContainer, path: string): Promise<void> {
  await until(() => existsSync(`/proc/${own.state.init.pid}/root${path}`));
}

describe('exec', () => {
  it('gives the output and the exit code of the process and leaves no record', async () => {
    const { stdout, stderr, code } = await container.execute({ args: sh('echo out; echo err >&2; exit 7') });
    expect([stdout.toString(), stderr, code]).toEqual(['out\n', 'err\n', 7]);
    expect(readdirSync(join(container.runDir, 'exec'))).toEqual([]);
  });

  it('asks the kernel for a label as a start does', async () => {
    const general = [['label', 'selinux', 'system_u:system_r:container_t:s0']] as const;
    const started = await room.plan({ args: ['true'], general }).run();
    const { stderr } = await container.execute({ args: ['true'], general });
    expect(stderr).toContain('skiff-helper: label: ');
    expect(stderr).toBe(started.stderr);
  });

  it('ends with 128 and the number of the signal that ended the process', async () => {
    expect((await container.execute({ args: sh('kill -TERM $$') })).code).toBe(143);
  });

  it('relays input to its end, and 16 MiB in both directions unharmed', async () => {
    expect(await output(sh('cat; echo end'), { stdin: 'one\n' })).toBe('one\nend\n');
    const input = randomBytes(16 << 20);
    const { stdout } = await container.execute({ args: ['cat'], stdin: input });
    expect(input.equals(stdout)).toBe(true);
  });

  it('relays all that was written before the process ended at once, and waits for nobody whom it left behind', async () => {
    const { stdout } = await container.execute({
      args: sh('sleep 1000 & echo $! >/tmp/left; head -c 300000 /dev/zero'),
    });
    expect(stdout.length).toBe(300_000);
    await output(sh('kill $(cat /tmp/left)'));
  });

  it('is in the namespaces of the target and in its cgroups', async () => {
    const names = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'user', 'time'];
    const inside = await output(sh(`cd /proc/self/ns; for n in ${names.join(' ')}; do readlink $n; done`));
    const { pid } = container.state.init;
    expect(inside.trim().split('\n')).toEqual(names.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`)));
    const cgroups = (text: string) => text.split('\n').filter((line) => line.includes(container.id));
    const child = container.exec({ args: sh('echo up; read line'), stdin: '' });
    await printed(child, 'up');
    const members = container.cgroups.map((path) =>
      readFileSync(join(path, 'cgroup.procs'), 'utf8').trim().split('\n'),
    );
    const mine = members[0]?.filter((one) => one !== String(pid)) ?? [];
    expect(cgroups(readFileSync(`/proc/${mine.at(-1)}/cgroup`, 'utf8')).length).toBe(
      container.cgroups.length,
    );
    child.stdin?.end();
    await finished(child);
  });

  it('has a session of its own, no descriptor but the three, and cannot be traced before execve', async () => {
    const words = await output(sh('ls /proc/self/fd; cut -d" " -f 1,6 /proc/$$/stat; echo $$'));
    const [zero, one, two, own, ids, pid] = words.trim().split('\n');
    expect([zero, one, two]).toEqual(['0', '1', '2']);
    expect(own).toBe('3');
    expect(ids).toBe(`${pid} ${pid}`);
  });

  it('is started as well when the helper has set the last variable of its environment itself', async () => {
    const traced = room.plan({ args: ['sleep', '600'], env: { SKIFF_TRACE: '1' } });
    await traced.detach();
    expect(await traced.execute({ args: ['true'] })).toMatchObject({ code: 0 });
    await traced.ask('stop 9 0');
  });

  it('has the null device of the container for its standard input', async () => {
    const own = (await output(['stat', '-c', '%d:%i', '/dev/null'])).trim();
    expect((await output(['stat', '-Lc', '%d:%i', '/proc/self/fd/0'])).trim()).toBe(own);
  });

  it.each([
    ['nothing', 'true'],
    ['a file', ': >/dev/null'],
    ['a link to another device', 'ln -s /dev/zero /dev/null'],
    ['a FIFO', 'mkfifo /dev/null'],
  ])(
    'has a null device of its own, never the host’s, where the container has made %s of its',
    async (_, make) => {
      const own = room.plan({ args: sh(`rm /dev/null; ${make}; : >/tmp/made; exec sleep 600`) });
      await own.detach();
      await seen(own, '/tmp/made');
      const show =
        'stat -Lc "%d:%i %t:%T" /proc/self/fd/0; echo gone >&0; chmod 600 /proc/self/fd/0; head -c 1 <&0';
      const before = statSync('/dev/null');
      const { stdout, stderr } = await own.execute({ args: sh(show) });
      expect(stderr).toBe('');
      expect(stdout.toString()).toMatch(/^\d+:\d+ 1:3\n$/);
      expect(stdout.toString()).not.toContain(`${before.dev}:${before.ino} `);
      expect(statSync('/dev/null').mode).toBe(before.mode);
      await own.ask('stop 9 0');
    },
  );

  it('takes user, groups, directory, umask and home from the plan and from the files of the container', async () => {
    const process = [
      ['user', 'harbour'],
      ['cwd', '/tmp'],
      ['umask', '0027'],
    ] as const;
    expect(await output(sh('id -u; id -G; pwd; umask; echo $HOME'), { process })).toBe(
      '1000\n1000 2000\n/tmp\n0027\n/home/harbour\n',
    );
  });

  it('makes no working directory', async () => {
    const missing = await container.execute({ args: ['pwd'], process: [['cwd', '/nowhere']] });
    expect(missing).toMatchObject({ code: 125, stderr: expect.stringContaining('cwd: /nowhere') });
    expect(await output(sh('ls / | grep -c nowhere || true'))).toBe('0\n');
  });

  it('has the capabilities of the plan and no new privileges', async () => {
    const process = [['capabilities', 'ff', 'f', '0', 'f', '0'], ['no-new-privileges']] as const;
    const status = await output(['grep', '-E', 'Cap|NoNewPrivs', '/proc/self/status'], { process });
    expect(status.match(/[0-9a-f]+$/gm)).toEqual([
      '0000000000000000',
      '000000000000000f',
      '000000000000000f',
      '00000000000000ff',
      '0000000000000000',
      '1',
    ]);
  });

  it('tells what cannot be executed by the record of its failure', async () => {
    const failure = ['/bin/echo', 'said'];
    const told = async (...args: string[]) =>
      (await container.execute({ args, failure })).stdout.toString().trim();
    expect(await told('nothing-of-this-name')).toBe('said exec 2 nothing-of-this-name');
    expect(await told('/etc/passwd')).toBe('said exec 13 /etc/passwd');
    expect(readdirSync(join(container.runDir, 'exec'))).toEqual([]);
  });

  it('refuses a target that is not the process that was meant', async () => {
    const { pid, startTime } = container.state.init;
    const stale = await container.execute({ args: ['true'], target: { pid, startTime: startTime + 1 } });
    expect(stale).toMatchObject({ code: 125, stderr: expect.stringContaining('target') });
  });

  it('forwards signals', async () => {
    const child = container.exec({ args: sh('trap "exit 9" USR1; echo up; while :; do sleep 0.05; done') });
    await printed(child, 'up');
    child.kill('SIGUSR1');
    expect((await finished(child)).code).toBe(9);
  });

  it('runs twenty at a time', async () => {
    const all = Array.from({ length: 20 }, (_, index) => container.execute({ args: sh(`exit ${index}`) }));
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual(all.map((_, index) => index));
  });

  it('says that the container has ended when the plan went with it', async () => {
    const gone = container.exec({ args: ['true'], plan: join(container.runDir, 'exec', 'none.plan') });
    expect(await finished(gone)).toMatchObject({ code: 1, stderr: 'skiff: the container has just ended\n' });
  });

  it('refuses a plan that has no target', async () => {
    const lone = room.plan({ args: ['true'] });
    const { stderr } = await lone.execute({
      args: ['true'],
      target: { pid: 0, startTime: 0 },
    });
    expect(stderr).toContain('target');
  });
});

describe('in a container that has all the processes it may have', () => {
  it.each([1, 2])('runs (limit %i), and counts from then on', async (pids) => {
    const own = room.plan({ args: ['sleep', '1000'], pids });
    await own.detach();
    const counted = `/sys/fs/cgroup/${own.cgroups.length > 1 ? 'pids/' : ''}`;
    const child = own.exec({ args: sh('echo up; read line; echo $line; true | true; exit 7'), stdin: '' });
    await printed(child, 'up');
    const directory = own.cgroups.find((path) => path.startsWith(counted)) ?? '';
    expect(readFileSync(join(directory, 'pids.current'), 'utf8')).toBe('2\n');
    child.stdin?.end('on\n');
    const { code, stderr } = await finished(child);
    expect([code, stderr]).toEqual([2, expect.stringContaining("can't fork")]);
    for (const user of ['0', '1000:50']) {
      const again = await own.execute({ args: ['true'], process: [['user', user]] });
      expect([again.code, again.stderr]).toEqual([0, '']);
    }
    expect((await own.execute({ args: ['no-command'] })).stderr).toContain('exec: no-command');
    expect(await own.ask('stop 9 1000')).toBe('exit 137\n');
    expect(own.leftovers()).toEqual([]);
  });

  it('ends, and lets the container end, when the container kills it at its birth', async () => {
    const killer = 'trap "" TERM; : >/tmp/on; while :; do kill -9 -1; done 2>/dev/null';
    const own = room.plan({ args: sh(killer), pids: 1 });
    await own.detach();
    await seen(own, '/tmp/on');
    for (let round = 0; round < tries(40); round++) {
      const { code } = await own.execute({ args: ['true'] });
      expect([0, 125, 137]).toContain(code);
    }
    expect(await own.ask('stop 9 0')).toContain('exit 137');
  });

  it('runs for a user who may have one process', async () => {
    const process = [
      ['user', '64001'],
      ['rlimit', '6', '1', '1'],
    ] as const;
    expect(await output(['grep', 'Max processes', '/proc/self/limits'], { process })).toMatch(/ 1 +1 /);
  });
});

describe('under a system call filter', () => {
  const under = (name: string, calls: readonly Call[], action: number) =>
    container.execute({
      args: ['true'],
      general: [['seccomp', writeFilter(join(room.root, name), calls, action), '']],
    });

  it('is cloned by clone where clone3 is hidden, and may be forbidden whatever it does not need itself', async () => {
    for (const calls of [['clone3'], ['clone'], ['setsid', 'prctl', 'ioctl', 'openat2']] as const) {
      const { code, stderr } = await under(calls[0], calls, errno(constants.errno.ENOSYS));
      expect([code, stderr]).toEqual([0, '']);
    }
  });

  it('that lets nobody clone is told for what it is', async () => {
    for (const action of [errno(constants.errno.EPERM), KILL]) {
      const { code, stderr } = await under('no-clone', ['clone', 'clone3'], action);
      expect([code, stderr]).toEqual([125, expect.stringMatching(/spawn: \w+: Operation not permitted/)]);
    }
  });
});

describe('in the background', () => {
  it('has no streams, prints nothing, and leaves no file, however many there were', async () => {
    const execId = 'a'.repeat(64);
    const script = 'for n in 0 2; do readlink /proc/self/fd/$n; done >/tmp/seen; exit 3';
    const { stdout, stderr, code } = await container.execute({ args: sh(script), execId, mode: 'detach' });
    expect([stdout.toString(), stderr, code]).toEqual(['', '', 0]);
    await until(() => readdirSync(join(container.runDir, 'exec')).length === 0);
    expect(await output(['cat', '/tmp/seen'])).toBe('/dev/null\n/dev/null\n');
  });
});

describe('on a terminal', () => {
  const open = (script: string, how: readonly string[] = []) => {
    const plan = container.execPlan({ args: sh(script), stdin: '', general: [['terminal']] });
    return terminals.open([HELPER, 'exec', plan, 'attach', ...how], { rows: 30, columns: 90 });
  };

  it('has one of its own from the devpts of the container, with the size of the client’s', async () => {
    const terminal = open('tty; stty size; trap "stty size" WINCH; echo up; while read line; do :; done');
    await terminal.shows(/\/dev\/pts\/\d+\r\n30 90\r\nup/);
    expect(await terminal.mode()).toBe('raw');
    terminal.resize(40, 100);
    await terminal.shows('40 100');
    terminal.type('\x04');
    expect(await terminal.exit()).toBe(0);
    expect(await terminal.mode()).toBe('cooked');
  });

  it('gives the keys of signals to the process and ends with its code', async () => {
    const terminal = open('trap "echo int; exit 4" INT; echo up; while :; do sleep 0.05; done');
    await terminal.shows('up');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(4);
  });

  it('is left by the keys that detach, and by a lost connection, and the process goes on', async () => {
    const script = (name: string) => `echo up; read line; echo $line >/tmp/${name}; sleep 1000`;
    const left = open(script('left'));
    await left.shows('up');
    left.type('\x10\x11');
    expect(await left.exit()).toBe(0);
    const lost = open('echo $$ >/tmp/lost; trap "" HUP; echo up; while :; do sleep 1000; done');
    await lost.shows('up');
    lost.hangUp();
    const living = readdirSync(join(container.runDir, 'exec')).filter((name) => name.endsWith('.state'));
    expect(living.length).toBe(2);
    for (const name of living) {
      const record = readFileSync(join(container.runDir, 'exec', name), 'utf8');
      process.kill(Number(/^process (\d+)/.exec(record)?.[1]), 'SIGKILL');
    }
    const states = () =>
      readdirSync(join(container.runDir, 'exec')).filter((name) => name.endsWith('.state'));
    await until(() => states().length === 0);
  });
});

describe('a client that is killed', () => {
  it('leaves the process running, whose output goes nowhere', async () => {
    const child = container.exec({
      args: sh(
        'echo up; while [ ! -e /tmp/go ]; do sleep 0.02; done; head -c 3000000 /dev/zero; echo $? >/tmp/done',
      ),
    });
    await printed(child, 'up');
    child.kill('SIGKILL');
    await new Promise((done) => child.on('exit', done));
    const root = `/proc/${container.state.init.pid}/root`;
    writeFileSync(`${root}/tmp/go`, '');
    await until(() => existsSync(`${root}/tmp/done`));
    await until(() => !readdirSync(join(container.runDir, 'exec')).some((name) => name.endsWith('.state')));
    expect(await output(sh('while ! grep -q 0 /tmp/done; do :; done; cat /tmp/done'))).toBe('0\n');
  });

  it('that is stopped does not keep a container from ending', async () => {
    const own = room.plan({ args: ['sleep', '1000'] });
    await own.detach();
    const child = own.exec({ args: sh('echo up; cat /dev/zero') });
    await printed(child, 'up');
    child.kill('SIGSTOP');
    expect(await own.ask('stop 9 1000')).toBe('exit 137\n');
    expect(own.leftovers()).toEqual([]);
    child.stdout?.resume();
    child.kill('SIGCONT');
    expect((await finished(child)).code).toBe(137);
  });
});

/** The processes that hold, or held, what was exec'ed into a container. */
function holdersOf({ id }: PlannedContainer): number[] {
  const holds = (name: string) => {
    try {
      return (
        readFileSync(`/proc/${name}/comm`, 'utf8') === 'skiff-exec\n' &&
        readFileSync(`/proc/${name}/maps`, 'utf8').includes(id)
      );
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter(holds).map(Number);
}

describe('what a process leaves behind', () => {
  let own: PlannedContainer;

  beforeAll(async () => {
    own = room.plan({ args: ENDLESS });
    await own.detach();
  });

  it('goes on writing into nothing, and only the holder waits for it', async () => {
    const wait = (name: string) => `while [ ! -e /tmp/${name} ]; do sleep 0.02; done`;
    const { code, stdout } = await own.execute({
      args: sh(`(${wait('on')}; echo one; echo two >&2; : >/tmp/wrote; ${wait('end')}) & echo up`),
    });
    expect([code, stdout.toString()]).toEqual([0, 'up\n']);
    const holders = holdersOf(own);
    expect(holders.length).toBe(1);
    await own.execute({ args: sh(': >/tmp/on') });
    await seen(own, '/tmp/wrote');
    await own.execute({ args: sh(': >/tmp/end') });
    await Promise.all(holders.map(gone));
  });

  it('may write without end: exec ends with its process, and the container when it is told to', async () => {
    expect((await own.execute({ args: sh('yes & exit 3') })).code).toBe(3);
    const holders = holdersOf(own);
    expect(holders.length).toBe(1);
    expect(await own.ask('stop 9 1000')).toBe('exit 137\n');
    expect(own.leftovers()).toEqual([]);
    await Promise.all(holders.map(gone));
  });
});

describe('when the container ends', () => {
  it('the process ends with it', async () => {
    const own = room.plan({ args: ['sleep', '1000'] });
    await own.detach();
    const child = own.exec({ args: sh('echo up; sleep 1000') });
    await printed(child, 'up');
    const result = finished(child);
    expect(await own.ask('stop 9 1000')).toBe('exit 137\n');
    expect((await result).code).toBe(137);
    expect(own.leftovers()).toEqual([]);
  });

  it('it does so, too, in a pid namespace that is shared with the host', async () => {
    const own = room.plan({ args: ['sleep', '1000'], namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'] });
    await own.detach();
    const child = own.exec({ args: sh('echo up; exec sleep 1000') });
    await printed(child, 'up');
    const result = finished(child);
    expect(await own.ask('stop 9 1000')).toBe('exit 137\n');
    expect((await result).code).toBe(137);
    expect(own.leftovers()).toEqual([]);
  });
});

describe.runIf(HELPER_IS_STATIC)('in a user namespace', () => {
  it('the process is root of the namespace, owns its pipes, and can become another user', async () => {
    const own = room.plan({ args: ENDLESS, firstId: 400_000 });
    await own.detach();
    const root = await own.execute({
      args: sh('id -u; cat /proc/self/uid_map; echo >/proc/self/fd/1; grep CapEff /proc/self/status'),
    });
    expect(root.stderr).toBe('');
    expect(root.stdout.toString()).toMatch(/^0\n\s+0\s+400000\s+65536\n\nCapEff:\t[0-9a-f]*f\n$/);
    const other = await own.execute({
      args: sh('id -u; echo >/proc/self/fd/2'),
      process: [['user', 'harbour']],
    });
    expect([other.stdout.toString(), other.stderr, other.code]).toEqual(['1000\n', '\n', 0]);
    for (const [record, told] of [
      [['user', '70000'], 'user: 70000'],
      [['user', '0:70001'], 'group: 70001'],
      [['group', '70002'], 'group: 70002'],
    ] as const) {
      const unmapped = await own.execute({ args: ['true'], process: [['user', '0'], record] });
      expect(unmapped).toMatchObject({ code: 125, stderr: expect.stringContaining(`${told}: Invalid`) });
    }
    await own.ask('stop 9 1000');
  });
});

describe('a hostile container', () => {
  it('that has links for its files is not followed out of itself', async () => {
    const tell =
      'rm /etc/passwd; ln -s ../../../../etc/passwd /etc/passwd; rm /etc/group; ln -s /proc/1/fd/0 /etc/group';
    const own = room.plan({ args: sh(`${tell}; : >/ready; exec sleep 1000`) });
    await own.detach();
    await seen(own, '/ready');
    const asRoot = await own.execute({ args: ['true'], process: [['user', 'root']] });
    expect(asRoot).toMatchObject({ code: 125, stderr: expect.stringContaining('user: /etc/passwd root') });
    const unnamed = await own.execute({ args: sh('id -u; pwd') });
    expect([unnamed.stdout.toString(), unnamed.code]).toEqual(['0\n/\n', 0]);
    await own.ask('stop 9 1000');
  });

  it.each([
    ['a link to itself', 'ln -s $f $f'],
    ['a directory', 'mkdir $f'],
    ['huge', 'truncate -s 20000000 $f'],
    ['a FIFO', 'mknod $f p'],
  ])('whose user files are %s keeps out names, not numbers', async (_, make) => {
    const own = room.plan({
      args: sh(`for f in /etc/passwd /etc/group; do rm $f; ${make}; done; : >/ready; exec sleep 1000`),
    });
    await own.detach();
    await seen(own, '/ready');
    const as = (user: string, group = '7') =>
      own.execute({
        args: sh('grep -E "^(Uid|Gid|Groups)" /proc/self/status | cut -f 2; echo $HOME'),
        process: [
          ['user', user],
          ['group', group],
        ],
      });
    for (const [user, ids] of [
      ['1000', '1000\n0\n0 7 \n/\n'],
      ['', '0\n0\n0 7 \n/\n'],
      ['1000:50', '1000\n50\n7 50 \n/\n'],
    ] as const) {
      const { stdout, stderr, code } = await as(user);
      expect([stdout.toString(), stderr, code]).toEqual([ids, '', 0]);
    }
    expect(await as('harbour')).toMatchObject({ code: 125, stderr: expect.stringMatching(/: user: /) });
    expect(await as('0:crew')).toMatchObject({ code: 125, stderr: expect.stringMatching(/: group: /) });
    expect(await as('0', 'crew')).toMatchObject({ code: 125, stderr: expect.stringMatching(/: group: /) });
    await own.ask('stop 9 1000');
  });

  it('cannot make the working directory lead out through a descriptor', async () => {
    for (const cwd of ['/proc/self/fd/3', '/proc/self/fd/4/../..', '/proc/1/root/../..']) {
      const { code, stdout } = await container.execute({ args: sh('ls /'), process: [['cwd', cwd]] });
      expect(code === 0 ? stdout.toString() : 'refused').not.toContain('boot');
    }
  });
});

describe('afterwards', () => {
  it('nothing that held a process is left', async () => {
    const { pid } = container.state.init;
    expect(lstatSync(`/proc/${pid}`).isDirectory()).toBe(true);
    await Promise.all(holdersOf(container).map(gone));
    expect(readdirSync(join(container.runDir, 'exec')).filter((name) => name !== 'a'.repeat(64))).toEqual([]);
  });
});
