import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { useRegistry } from '../helpers/images.ts';
import { type Terminal, type TerminalOptions, useTerminals } from '../helpers/pty.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';

const store = useStore();
const terminals = useTerminals();
const registry = useRegistry('debian');
let debian: string;

beforeAll(async () => {
  debian = registry.reference('debian');
  await store.ok(['pull', '-q', debian]);
}, 600_000);

const DETACH = '\x10\x11';
const PROMPT = 'ready> ';

/** skiff on a terminal, with whatever is typed there. */
function skiff(args: readonly string[], options?: TerminalOptions): Terminal {
  return terminals.open([...COMMAND, '--root', store.root, ...args], options);
}

/** A shell in a new container on a terminal, once it has said that it is ready. */
async function shell(name: string, options?: TerminalOptions): Promise<Terminal> {
  onTestFinished(async () => {
    await store.skiff(['rm', '-f', name]);
  });
  const run = ['run', '-it', '--name', name, '-e', `PS1=${PROMPT}`, debian, 'bash', '--norc'];
  const terminal = skiff(run, options);
  await terminal.shows(PROMPT);
  return terminal;
}

/** Types a line and resolves when the screen has shown `text` after it. */
async function answer(terminal: Terminal, line: string, text: string | RegExp): Promise<void> {
  const from = terminal.screen.length;
  terminal.type(`${line}\r`);
  await terminal.shows(text, from);
}

describe('a program that needs the whole screen', () => {
  it('is an editor: it fills the window, follows its size, and leaves the terminal as it was', async () => {
    const script = 'vi -u NONE /tmp/text; cat /tmp/text';
    const terminal = skiff(['run', '--rm', '-it', debian, 'sh', '-c', script], { rows: 20, columns: 70 });
    // What it does last is to show where its cursor is.
    await terminal.shows('\x1b[1;1H\x1b[?25h', terminal.screen.indexOf('[New File]') + 1);
    expect(terminal.screen.match(/~/g)).toHaveLength(18);
    const resized = terminal.screen.length;
    terminal.resize(30, 90);
    await terminal.shows(/(~[^~]*){28}/, resized);
    expect(await terminal.mode()).toBe('raw');
    terminal.type('iHello\rWorld\x1b:wq\r');
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toMatch(/"\/tmp\/text" \[New File\] 2 lines, 12 bytes written/);
    expect(terminal.screen.endsWith('Hello\r\nWorld\r\n')).toBe(true);
    expect(await terminal.mode()).toBe('cooked');
  });

  it('is a pager in a process of exec', async () => {
    await store.ok(['run', '-d', '--name', 'paged', debian, 'sleep', '1000']);
    const terminal = skiff(['exec', '-it', 'paged', 'sh', '-c', 'seq 1000 | less'], { rows: 12 });
    await terminal.shows('\n11\r\n:');
    const paged = terminal.screen.length;
    terminal.type(' ');
    await terminal.shows('\n22\r\n:', paged);
    const ended = terminal.screen.length;
    terminal.type('G');
    await terminal.shows('1000', ended);
    terminal.type('q');
    expect(await terminal.exit()).toBe(0);
    expect(await terminal.mode()).toBe('cooked');
    await store.ok(['rm', '-f', 'paged']);
  });
});

describe('a shell on a terminal', () => {
  it('has its jobs stopped, continued and interrupted by keys', async () => {
    const terminal = await shell('jobs');
    // The job itself says that it runs, and that it runs again: before that a key would be for the shell. It starts
    // nothing: a shell whose child is stopped between vfork and execve does not stop itself, and its job never does.
    const job = `sh -c 'trap "echo a""gain" CONT; echo be""gun; while :; do read line; done'`;
    await answer(terminal, job, 'begun\r\n');
    const stopped = terminal.screen.length;
    terminal.type('\x1a');
    await terminal.shows(/\[1\]\+\s+Stopped/, stopped);
    await terminal.shows(PROMPT, stopped);
    await answer(terminal, 'fg', 'again\r\n');
    const interrupted = terminal.screen.length;
    terminal.type('\x03');
    await terminal.shows(/\^C\r\n.*ready> $/, interrupted);
    await answer(terminal, 'echo code $?', 'code 130');
    terminal.type('exit 7\r');
    expect(await terminal.exit()).toBe(7);
    expect(await terminal.mode()).toBe('cooked');
  });

  it('is left by ctrl-p ctrl-q, goes on, and is joined again', async () => {
    const terminal = await shell('left');
    await answer(terminal, 'word=kept', PROMPT);
    terminal.type(DETACH);
    expect(await terminal.exit()).toBe(0);
    expect(await terminal.mode()).toBe('cooked');
    expect(await store.ok(['ps', '--filter', 'name=left', '--format', '{{.State}}'])).toBe('running');
    const again = skiff(['attach', 'left']);
    while ((await again.mode()) !== 'raw');
    await answer(again, 'echo $word', 'kept\r\n');
    again.type(DETACH);
    expect(await again.exit()).toBe(0);
    const range = ['--since', '1h', '--until', '0s', '--filter', 'container=left'];
    const actions = (await store.ok(['events', ...range, '--format', '{{.Action}}'])).split('\n');
    expect(actions.filter((action) => action !== 'resize')).toEqual([
      ...['create', 'attach', 'start', 'detach', 'attach', 'detach'],
    ]);
    expect(actions).toContain('resize');
  });

  it('knows the size of the window from the beginning, and every other that it gets', async () => {
    const terminal = await shell('sized', { rows: 31, columns: 101 });
    await answer(terminal, 'stty size', '31 101');
    terminal.resize(41, 111);
    await answer(terminal, 'until [ "$(stty size)" = "41 111" ]; do :; done; stty size', '41 111\r\n');
    const range = ['--since', '1h', '--until', '0s', '--filter', 'event=resize'];
    const format = '{{.Actor.Attributes.height}} {{.Actor.Attributes.width}}';
    expect((await store.ok(['events', ...range, '--format', format])).split('\n')).toContain('41 111');
  });

  it('outlives the loss of the terminal, and the death of its client', async () => {
    const terminal = await shell('lost');
    await answer(terminal, 'word=kept', PROMPT);
    terminal.hangUp();
    expect(await terminal.exit()).toBe(129);
    const script = `echo pid=$$; exec ${[...COMMAND, '--root', store.root].join(' ')} attach lost`;
    const second = terminals.open(['sh', '-c', script]);
    while ((await second.mode()) !== 'raw');
    await answer(second, 'echo $word', 'kept\r\n');
    process.kill(Number(/pid=(\d+)/.exec(second.screen)?.[1]), 'SIGKILL');
    expect(await second.exit()).toBe(137);
    // Whoever sees to that is a process of its own.
    while ((await second.mode()) !== 'cooked');
    const third = skiff(['attach', 'lost']);
    while ((await third.mode()) !== 'raw');
    await answer(third, 'echo $word', 'kept\r\n');
    third.type('exit\r');
    expect(await third.exit()).toBe(0);
  });
});

describe('exec on a terminal', () => {
  it('is left by its keys, and says so in an event of its own', async () => {
    await store.ok(['run', '-d', '--name', 'host', debian, 'sleep', '1000']);
    const keys = ['--detach-keys', 'ctrl-x,q'];
    const terminal = skiff([
      'exec',
      '-it',
      ...keys,
      'host',
      'sh',
      '-c',
      'echo up; read line; echo $line > /said',
    ]);
    await terminal.shows('up');
    terminal.type('\x18q');
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('read escape sequence');
    const range = ['--since', '1h', '--until', '0s', '--filter', 'container=host', '--format'];
    const events = await store.ok(['events', ...range, '{{.Action}} {{.Actor.Attributes.execID}}']);
    const [id] = JSON.parse(await store.ok(['inspect', '--format', '{{json .ExecIDs}}', 'host']));
    expect(events.split('\n')).toContain(`exec_detach ${id}`);
    await store.ok(['rm', '-f', 'host']);
  });
});
