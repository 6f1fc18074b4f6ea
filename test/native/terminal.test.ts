import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HELPER, HELPER_IS_STATIC, type PlannedContainer, useRoom, type Wishes } from '../helpers/plan.ts';
import { type Terminal, type TerminalOptions, useTerminals } from '../helpers/pty.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();
const terminals = useTerminals();

const NODE = ['node', '/dev/tty', 'c', '5', '0', '666', '0', '0'] as const;
const BOUND = ['bind', '/dev/tty', '/dev/tty', 'mkfile'] as const;

const DETACH = '\x10\x11';

/** A container with a terminal whose stdin is open. */
function plan(args: readonly string[], wishes: Partial<Wishes> = {}): PlannedContainer {
  const tty = wishes.firstId === undefined ? NODE : BOUND;
  return room.plan({ args, stdin: 'open', general: [['terminal']], init: [tty], ...wishes });
}

function run(container: PlannedContainer, how: readonly string[] = [], options?: TerminalOptions): Terminal {
  return terminals.open([HELPER, 'run', container.planPath, 'attach', ...how], options);
}

function attach(container: PlannedContainer, how: readonly string[] = []): Terminal {
  return terminals.open([HELPER, 'attach', container.runDir, ...how]);
}

describe('a container’s terminal', () => {
  it('is its standard streams, its controlling terminal and its console', async () => {
    const terminal = run(
      plan([
        'sh',
        '-c',
        'tty; echo yes >/dev/tty; for i in 0 1 2; do stat -Lc %t:%T /proc/self/fd/$i; done; stat -c %t:%T /dev/console; ls /proc/self/fd',
      ]),
    );
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen.split('\r\n')).toEqual([
      '/dev/pts/0',
      'yes',
      ...Array(4).fill('88:0'),
      ...['0  1  2  3', ''],
    ]);
  });

  it('has the size of the client’s from the first byte, and follows it', async () => {
    const script = 'trap "stty size" WINCH; stty size; echo ready; while read line; do :; done';
    const terminal = run(plan(['sh', '-c', script]), [], { rows: 33, columns: 111 });
    await terminal.shows('33 111\r\nready');
    terminal.resize(44, 122);
    await terminal.shows('44 122');
    terminal.type('\x04');
    expect(await terminal.exit()).toBe(0);
  });

  it('has no size while nobody looks', async () => {
    const container = plan(['sh', '-c', 'read line; stty size']);
    await container.detach();
    const ended = container.ask('wait');
    const terminal = attach(container, ['streams=in,out,err']);
    while ((await terminal.mode()) !== 'raw');
    expect(await container.ask('resize 0 0')).toBe('ok\n');
    terminal.type('\r');
    await ended;
    expect(container.log).toContain('stty: standard input');
  });

  it('belongs to the container’s user', async () => {
    const terminal = run(
      plan(['sh', '-c', 'stat -c "%u %g %a" $(tty); : >/dev/tty; : >$(tty); echo done'], {
        process: [['user', '1000:1000']],
      }),
    );
    await terminal.exit();
    expect(terminal.screen).toBe('1000 5 620\r\ndone\r\n');
  });

  it('is there in a user namespace too', async () => {
    const container = plan(['sh', '-c', 'tty; stat -c "%u %t:%T" /dev/console; echo yes >/dev/tty'], {
      firstId: 300_000,
    });
    const terminal = run(container);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toBe('/dev/pts/0\r\n0 88:0\r\nyes\r\n');
  });

  it('is refused where /dev/pts is not the kernel’s', async () => {
    const { code, stderr } = await plan(['true'], {
      without: ['/dev/pts'],
      init: [['mount', 'tmpfs', 'tmpfs', '/dev/pts', 'mkdir', '']],
    }).run();
    expect(code).toBe(125);
    expect(stderr).toContain('terminal: /dev/pts/ptmx');
  });

  it('interrupts, and stops jobs of a shell, from the keyboard', async () => {
    const prompt = '# \x1b[6n'; // busybox asks where the cursor is
    const terminal = run(plan(['sh', '-i']));
    await terminal.shows(prompt);
    terminal.type("sh -c 'echo began; exec sleep 1000'\r");
    await terminal.shows('\r\nbegan');
    const interrupted = terminal.screen.length;
    terminal.type('\x03');
    await terminal.shows(prompt, interrupted);
    terminal.type("sh -c 'echo again; exec sleep 1001'\r");
    await terminal.shows('\r\nagain');
    const stopped = terminal.screen.length;
    terminal.type('\x1a');
    await terminal.shows('Stopped', stopped);
    await terminal.shows(prompt, stopped);
    const warned = terminal.screen.length;
    terminal.type('exit 9\r'); // it warns of the stopped job once
    await terminal.shows(prompt, warned);
    terminal.type('exit 9\r');
    expect(await terminal.exit()).toBe(9);
  });

  it.runIf(HELPER_IS_STATIC)('interrupts a command behind a reaper', async () => {
    const command = ['sh', '-c', 'echo ready; exec sleep 1000'];
    const terminal = run(plan(command, { process: [['reaper']] }));
    await terminal.shows('ready');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(130);
  });

  it('shows everything of a container that writes a lot and ends at once', async () => {
    const container = plan(['sh', '-c', 'yes 0123456789abcde | head -c 20971520']);
    const terminal = run(container);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen.length).toBe((20_971_520 / 16) * 17);
    expect(terminal.screen.endsWith('e\r\n0123456789abcde\r\n')).toBe(true);
  });

  it('does not wait for those who keep it open', async () => {
    const container = plan(['sh', '-c', 'setsid sleep 1000 & echo bye'], {
      namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
    });
    const terminal = run(container);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('bye\r\n');
  });
});

describe('the client’s terminal', () => {
  it('is raw while the container runs, and as before when it ended', async () => {
    const terminal = run(plan(['sh', '-c', 'echo ready; read line']));
    await terminal.shows('ready');
    expect(await terminal.mode()).toBe('raw');
    terminal.type('\r');
    expect(await terminal.exit()).toBe(0);
    expect(await terminal.mode()).toBe('cooked');
  });

  it('is as before when the monitor was killed', async () => {
    const container = plan(['sh', '-c', 'echo ready; sleep 1000']);
    const terminal = run(container);
    await terminal.shows('ready');
    process.kill(container.state.monitor.pid, 'SIGKILL');
    expect(await terminal.exit()).toBe(137);
    expect(await terminal.mode()).toBe('cooked');
    expect(container.leftovers()).toEqual([]);
  });

  it('is as before when a signal ends the client', async () => {
    const container = plan(['sh', '-c', 'echo $PPID ready; sleep 1000']);
    await container.detach();
    const terminal = terminals.open(['sh', '-c', `echo pid=$$; exec ${HELPER} attach ${container.runDir}`]);
    await terminal.shows(/pid=\d+/);
    while ((await terminal.mode()) !== 'raw');
    process.kill(Number(/pid=(\d+)/.exec(terminal.screen)?.[1]), 'SIGTERM');
    expect(await terminal.exit()).toBe(143);
    expect(await terminal.mode()).toBe('cooked');
    await container.ask('stop 9 -1');
  });

  it('is as before when the client was killed, and the container goes on', async () => {
    const container = plan(['sh', '-c', 'read line; echo got $line']);
    await container.detach();
    const terminal = terminals.open(['sh', '-c', `echo pid=$$; exec ${HELPER} attach ${container.runDir}`]);
    await terminal.shows(/pid=\d+/);
    while ((await terminal.mode()) !== 'raw');
    process.kill(Number(/pid=(\d+)/.exec(terminal.screen)?.[1]), 'SIGKILL');
    expect(await terminal.exit()).toBe(137);
    while ((await terminal.mode()) !== 'cooked');
    const second = attach(container);
    while ((await second.mode()) !== 'raw');
    second.type('more\r');
    expect(await second.exit()).toBe(0);
    expect(second.screen).toContain('got more\r\n');
  });

  it('stays as it is when the container’s stdin is closed', async () => {
    const script = 'trap "exit 5" INT; sleep 1000 & echo ready; wait';
    const terminal = run(plan(['sh', '-c', script], { stdin: 'null' }));
    await terminal.shows('ready');
    expect(await terminal.mode()).toBe('cooked');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(5);
  });

  it('may go away: the container goes on', async () => {
    const container = plan(['sh', '-c', 'echo ready; read line; echo got $line']);
    const terminal = run(container);
    await terminal.shows('ready');
    terminal.hangUp();
    expect(await terminal.exit()).toBe(129);
    const second = attach(container);
    while ((await second.mode()) !== 'raw');
    second.type('more\r');
    expect(await second.exit()).toBe(0);
    expect(second.screen).toContain('got more\r\n');
  });
});

describe('detaching', () => {
  it('leaves the container running, and a later client sees what comes then', async () => {
    const container = plan(['sh', '-c', 'echo first; while read line; do echo "got $line"; done']);
    const terminal = run(container);
    await terminal.shows('first');
    terminal.type(DETACH);
    expect(await terminal.exit()).toBe(0);
    expect(await terminal.mode()).toBe('cooked');
    const second = attach(container);
    while ((await second.mode()) !== 'raw');
    second.type('word\r');
    await second.shows('got word');
    expect(second.screen).not.toContain('first');
    second.type(DETACH);
    expect(await second.exit()).toBe(0);
    expect(second.screen).toContain('read escape sequence');
    const third = attach(container, ['keys=61']);
    while ((await third.mode()) !== 'raw');
    third.type('\x04');
    expect(await third.exit()).toBe(0);
  });

  it('takes its keys one by one, and passes them on when they do not go on so', async () => {
    const container = plan([
      'sh',
      '-c',
      'stty raw -echo; echo ready; dd bs=1 count=5 2>/dev/null | od -An -tx1; sleep 1000',
    ]);
    const terminal = run(container);
    await terminal.shows('ready');
    for (const key of '\x10\x10x\x11\x10y') terminal.type(key);
    await terminal.shows('10 10 78 11 10');
    terminal.type('\x10');
    terminal.type('\x11');
    expect(await terminal.exit()).toBe(0);
    await container.ask('stop 9 -1');
  });

  it('needs keys: without any nothing detaches', async () => {
    const terminal = run(
      plan(['sh', '-c', 'stty raw -echo; echo ready; dd bs=1 count=2 2>/dev/null | od -An -tx1']),
      ['keys='],
    );
    await terminal.shows('ready');
    terminal.type(DETACH);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('10 11');
  });
});

describe('several clients', () => {
  it('see the same and type into the same', async () => {
    const container = plan(['sh', '-c', 'echo ready; read one; read two; echo "$one and $two"']);
    const first = run(container);
    await first.shows('ready');
    const second = attach(container);
    while ((await second.mode()) !== 'raw');
    first.type('left\r');
    await second.shows('left');
    second.type('right\r');
    expect(await first.exit()).toBe(0);
    expect(await second.exit()).toBe(0);
    for (const { screen } of [first, second]) expect(screen).toContain('left and right\r\n');
  });

  it('get every byte although one of them does not look for a while', async () => {
    const script =
      'read line; i=0; while [ $i -lt 40000 ]; do echo "line $i of a lot of output that is long enough"; i=$((i+1)); done';
    const container = plan(['sh', '-c', script]);
    const first = run(container);
    const second = attachWhenThere(container);
    const other = await second;
    first.hold();
    other.type('\r');
    await other.shows('line 1000 of');
    first.go();
    expect(await first.exit()).toBe(0);
    expect(await other.exit()).toBe(0);
    const count = (screen: string): number => screen.split('long enough\r\n').length - 1;
    expect([count(first.screen), count(other.screen)]).toEqual([40_000, 40_000]);
    expect(container.log.split('\n').length).toBe(40_002);
  });
});

async function attachWhenThere(container: PlannedContainer): Promise<Terminal> {
  await until(() => existsSync(`${container.runDir}/state`));
  const terminal = attach(container);
  while ((await terminal.mode()) !== 'raw');
  return terminal;
}

describe('without a terminal on our side', () => {
  it('a container’s terminal works all the same', async () => {
    const container = plan(['sh', '-c', 'read line; echo "got $line"; stty size']);
    const { stdout, code } = await container.run('word\n');
    expect(code).toBe(0);
    expect(stdout.toString()).toBe('word\r\ngot word\r\nstty: standard input\r\n');
  });

  it('the helper says what it does not understand', () => {
    const { status, stderr } = spawnSync(HELPER, ['attach', '/nowhere', 'keys=1'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([125, expect.stringContaining('usage')]);
  });
});
