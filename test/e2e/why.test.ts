import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useTerminals } from '../helpers/pty.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';

const store = useStore();
const terminals = useTerminals();
const busybox = useBusybox(store);

async function evidenceOf(name: string) {
  return JSON.parse(await store.ok(['why', name, '--format', 'json']));
}

/** Starts a container whose first process says that it is ready. */
async function started(name: string, script: string, ...options: string[]): Promise<void> {
  await store.ok(['run', '-d', '--name', name, ...options, busybox, 'sh', '-c', script]);
  const logs = store.start(['logs', '-f', name]);
  await new Promise<void>((resolve) => logs.stdout?.once('data', () => resolve()));
  logs.kill();
  await logs;
}

/** An executable of two instructions, the second of which writes to address 0 (elf(5), x86-64). */
function faultyProgram(): Buffer {
  const [base, headers] = [0x400000n, 64 + 56];
  const code = Buffer.from([0x31, 0xc0, 0x89, 0x00]);
  const elf = Buffer.alloc(headers + code.length);
  elf.write('\x7fELF\x02\x01\x01', 'latin1');
  const size = BigInt(elf.length);
  const halves = { 16: 2, 18: 62, 20: 1, 52: 64, 54: 56, 56: 1, 64: 1, 68: 5 };
  const words = { 24: base + BigInt(headers), 32: 64n, 80: base, 88: base, 96: size, 104: size, 112: 4096n };
  for (const [at, value] of Object.entries(halves)) elf.writeUInt16LE(value, Number(at));
  for (const [at, value] of Object.entries(words)) elf.writeBigUInt64LE(value, Number(at));
  code.copy(elf, headers);
  return elf;
}

describe('why', () => {
  it('names the limit of memory that killed a container, and what it had taken', async () => {
    const greedy = ['--name', 'greedy', '-m', '16m', '--memory-swap', '16m'];
    const { code } = await store.skiff(['run', ...greedy, busybox, 'tail', '/dev/zero']);
    expect(code).toBe(137);
    const text = await store.ok(['why', 'greedy']);
    expect(text).toMatch(
      /^The kernel killed greedy for want of memory\.\nIts limit is 16MiB, and it had taken 16MiB\.$/m,
    );
    expect(text).toContain('hint: give it more with -m');
    const { cause, evidence } = await evidenceOf('greedy');
    expect(cause).toEqual({ kind: 'memory', certain: true });
    expect(evidence).toMatchObject({
      state: 'exited',
      end: { code: 137, signal: 9 },
      oomKills: 1,
      memoryLimit: 16 * 1024 ** 2,
      limits: { memory: 16 * 1024 ** 2 },
    });
  });

  it('is said by itself on a terminal when a container in the foreground was killed for want of memory', async () => {
    const env = { ...process.env, NO_COLOR: '1' };
    const onTerminal = async (...args: string[]) => {
      const terminal = terminals.open([...COMMAND, '--root', store.root, ...args], { env });
      return { code: await terminal.exit(), screen: terminal.screen.replaceAll('\r', '') };
    };
    const limit = ['-m', '16m', '--memory-swap', '16m'];
    const said = (name: string) =>
      `skiff: the container reached its memory limit of 16MiB and the kernel killed it (exit code 137)\nhint: give it more with -m; skiff why ${name} tells more\n`;
    const greedy = [busybox, 'tail', '/dev/zero'];
    expect(await onTerminal('run', '--rm', '--name', 'seen', ...limit, ...greedy)).toEqual({
      code: 137,
      screen: said('seen'),
    });
    await store.ok(['create', '--name', 'later', ...limit, ...greedy]);
    expect(await onTerminal('start', '-a', 'later')).toEqual({ code: 137, screen: said('later') });
    await store.ok([
      ...['run', '-d', '--name', 'joined', '-i', ...limit, busybox],
      ...['sh', '-c', 'echo ready; read go; exec tail /dev/zero'],
    ]);
    const joined = terminals.open([...COMMAND, '--root', store.root, 'attach', 'joined'], { env });
    joined.type('go\r');
    expect(await joined.exit()).toBe(137);
    expect(joined.screen.replaceAll('\r', '')).toContain(said('joined'));
    const survived = [busybox, 'sh', '-c', 'tail /dev/zero 2>&-; exit 3'];
    const { code, screen } = await onTerminal('run', '--rm', ...limit, ...survived);
    expect(code).toBe(3);
    expect(screen).not.toContain('skiff:');
    // Scripts read standard error, too.
    expect((await store.skiff(['run', '--rm', ...limit, ...greedy])).stderr).toBe('');
  });

  it('sees that a child was killed for want of memory, whose parent went on', async () => {
    const options = ['--name', 'parent', '-m', '16m', '--memory-swap', '16m'];
    await store.skiff(['run', ...options, busybox, 'sh', '-c', 'tail /dev/zero; exit 3']);
    const text = await store.ok(['why', 'parent']);
    expect(text).toMatch(/^parent ended by itself .* with exit code 3\.$/m);
    expect(text).toContain('The kernel killed one of its processes for want of memory; its limit is 16MiB.');
    await store.skiff([
      'run',
      '--name',
      'shell',
      ...options.slice(2),
      busybox,
      'sh',
      '-c',
      'tail /dev/zero; exit $?',
    ]);
    expect(await store.ok(['why', 'shell'])).toMatch(
      /a process of shell.*\nProbably that is why it ended with exit code 137/,
    );
  });

  it('tells a stop whose time had passed, and names --init as the cure', async () => {
    await started('deaf', 'echo ready; exec sleep 1000');
    await store.ok(['stop', '-t', '0', 'deaf']);
    const text = await store.ok(['why', 'deaf']);
    expect(text).toContain('deaf was asked to stop, did not end in time and was killed (SIGKILL).');
    expect(text).toContain('PID 1 ignores every signal that it has no handler for');
    expect(text).toMatch(/^hint: run it with --init/m);
    expect((await evidenceOf('deaf')).evidence).toMatchObject({ escalated: true, sent: { signal: 9 } });
  });

  it('tells an end by a stop that was heard', async () => {
    await started('polite', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    await store.ok(['stop', 'polite']);
    expect(await store.ok(['why', 'polite'])).toMatch(/with exit code 0, after skiff had sent it SIGTERM\.$/);
    await started('behind', 'echo ready; exec sleep 1000', '--init');
    await store.ok(['stop', 'behind']);
    expect(await store.ok(['why', 'behind'])).toMatch(
      /by SIGTERM, which skiff had sent it|after skiff had sent it SIGTERM/,
    );
  });

  it('tells a kill by skiff from one by others', async () => {
    await started('ours', 'echo ready; exec sleep 1000');
    await store.ok(['kill', 'ours']);
    await store.ok(['wait', 'ours']);
    expect(await store.ok(['why', 'ours'])).toMatch(/by SIGKILL, which skiff had sent it/);

    await started('theirs', 'echo ready; exec sleep 1000');
    const [{ Id, State }] = JSON.parse(await store.ok(['inspect', 'theirs']));
    expect(readFileSync(join(store.runRoot, Id, 'state'), 'utf8')).toContain(`init ${State.Pid} `);
    process.kill(State.Pid, 'SIGKILL');
    await store.ok(['wait', 'theirs']);
    const text = await store.ok(['why', 'theirs']);
    expect(text).toMatch(/was killed \(SIGKILL\) .* not by skiff/);
    expect((await evidenceOf('theirs')).cause).toEqual({ kind: 'signal', signal: 9, from: 'elsewhere' });
  });

  it('tells that a container has called reboot(2), which looks like a signal', async () => {
    // Only where the kernel confines it: as the first process of a pid namespace that is not this one.
    const own = readlinkSync('/proc/self/ns/pid');
    const guard = `[ $$ = 1 ] && [ "$(readlink /proc/self/ns/pid)" != "${own}" ] || exit 99`;
    for (const [command, code, told] of [
      ['reboot', 129, 'restarted itself'],
      ['poweroff', 130, 'shut itself down'],
    ] as const) {
      const script = `${guard}; ${command} -f; sleep 100`;
      const options = ['--rm', '--name', command, '--cap-add', 'SYS_BOOT'];
      expect((await store.skiff(['run', ...options, busybox, 'sh', '-c', script])).code).toBe(code);
      expect(await store.ok(['why', command])).toContain(`${command} ${told} `);
    }
  });

  it('is right that such signals do not end a first process without handlers, whoever sends them', async () => {
    await started('unmoved', 'echo ready; exec sleep 1000');
    const [{ State }] = JSON.parse(await store.ok(['inspect', 'unmoved']));
    for (const signal of ['SIGHUP', 'SIGINT'] as const) process.kill(State.Pid, signal);
    await store.ok(['exec', 'unmoved', 'true']);
    await store.ok(['rm', '-f', 'unmoved']);
  });

  it('says what a fault was', async () => {
    const script = `echo ${faultyProgram().toString('base64')} | base64 -d > /x; chmod +x /x; exec /x`;
    expect((await store.skiff(['run', '--name', 'fault', busybox, 'sh', '-c', script])).code).toBe(139);
    const meaning = 'by SIGSEGV: it used memory that is not its own (a segmentation fault)';
    expect(await store.ok(['why', 'fault'])).toContain(meaning);
    await store.skiff(['run', '--name', 'behind-init', '--init', busybox, 'sh', '-c', script]);
    expect(await store.ok(['why', 'behind-init'])).toContain(meaning);
    await store.skiff([
      'run',
      '--name',
      'reports',
      busybox,
      'sh',
      '-c',
      'sh -c "kill -ABRT \\$\\$"; exit $?',
    ]);
    expect(await store.ok(['why', 'reports'])).toMatch(
      /exit code 134\.\nProbably one of its own processes ended by SIGABRT/,
    );
  });

  it('says why a container never started', async () => {
    expect((await store.skiff(['run', '--name', 'missing', busybox, 'no-such'])).code).toBe(127);
    expect(await store.ok(['why', 'missing'])).toMatch(
      /^missing never started: "no-such": executable file not found in \$PATH\.\nhint: /,
    );
    expect((await evidenceOf('missing')).cause).toMatchObject({ kind: 'notStarted', exitCode: 127 });
  });

  it('adds what the limits refused and held back', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>/dev/null; wait; exit 0';
    await store.skiff(['run', '--name', 'forks', '--pids-limit', '4', busybox, 'sh', '-c', script]);
    expect(await store.ok(['why', 'forks'])).toMatch(
      /refused, as its limit \(4\) was reached\.\n(.*\n)*hint: .*--pids-limit/,
    );
    // On a busy machine it takes a while to get as much as its limit.
    const spin = 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done';
    const busy = `until grep -qs "nr_throttled [1-9]" /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu*/cpu.stat; do ${spin}; done`;
    await store.ok(['run', '--name', 'busy', '--cpus', '0.1', busybox, 'sh', '-c', busy]);
    expect(await store.ok(['why', 'busy'])).toMatch(/Its CPU limit held it back in \d+ periods/);
  });

  it('tells what a running container uses of what it may', async () => {
    await started('alive', 'echo ready; exec sleep 1000', '-m', '64m', '--pids-limit', '9');
    const text = await store.ok(['why', 'alive']);
    expect(text).toMatch(/^alive has been running for /);
    expect(text).toMatch(/It uses [\d.]+[KM]iB of 64MiB of memory and has 1 of 9 processes and threads\./);
    const { cause, evidence } = await evidenceOf('alive');
    expect(cause).toEqual({ kind: 'running' });
    expect(evidence).toMatchObject({ usage: { pids: 1 }, memoryLimit: 64 * 1024 ** 2 });
  });

  it('does not know what is not there', async () => {
    const { code, stderr } = await store.skiff(['why', 'nobody']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('no such container: nobody'),
    });
    expect((await store.skiff(['why', 'nobody', '--format', 'xml'])).stderr).toContain('"xml"');
  });
});
