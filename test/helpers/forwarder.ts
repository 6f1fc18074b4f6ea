import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { builtProgram } from './built-program.ts';
import { HELPER_IS_STATIC, printed } from './plan.ts';

/** `tcp`, `udp` or `sctp`; the host's address and port; those of the container where it is relayed. */
export type PortRecord = readonly [string, string, number, string?, number?];

/** A process that holds ports as a monitor does. */
export interface Holder {
  child: ChildProcess;
  pid: number;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Returns the pid of the holder's forwarder; throws when there is none. */
  forwarder(): number;
  /** Replaces the file of ports. */
  rewrite(records: readonly PortRecord[]): void;
  /** Removes it. */
  remove(): void;
  /** Has it give up its ports. */
  release(): Promise<void>;
}

export interface HowToHold {
  /** Whether the holder's forwarders end when they were idle for 300 ms. */
  impatient?: boolean;
  /** The soft limit of descriptors. */
  descriptors?: number;
}

/** Has ports held by test/programs/forwarder.c; what is still held after a test is given up. */
export function useForwarder(): {
  /** Has ports held; the message of its error is the record of the failure. */
  hold(records: readonly PortRecord[], how?: HowToHold): Promise<Holder>;
  /** The error record of ports that cannot be held: `port 98 tcp 0.0.0.0 80`; DIR stands for the test's directory. */
  failure(file: string): Promise<string>;
} {
  const root = mkdtempSync(join(tmpdir(), 'skiff-forwarder-'));
  const holders: ChildProcess[] = [];
  let files = 0;

  function run(
    path: string,
    program: 'forwarder' | 'forwarder-impatient',
    descriptors?: number,
  ): ChildProcess {
    const command = [builtAsHelper(program), path];
    if (descriptors !== undefined) command.unshift('prlimit', `--nofile=${descriptors}:20000`);
    const [file = '', ...args] = command;
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    holders.push(child);
    return child;
  }

  afterEach(async () => {
    for (const child of holders.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGKILL');
      await ended;
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  return {
    async hold(records, { impatient = false, descriptors } = {}) {
      const path = join(root, `ports-${files++}`);
      write(path, encodePorts(records));
      const child = run(path, impatient ? 'forwarder-impatient' : 'forwarder', descriptors);
      const holder = observe(child, path);
      const first = await holder.line();
      if (first !== 'held') throw new Error(first);
      return holder;
    },
    async failure(text) {
      const path = join(root, `ports-${files++}`);
      write(path, text);
      const said = await printed(run(path, 'forwarder'), '\n');
      return said.trim().replace(root, 'DIR');
    },
  };
}

/** The text of a file of ports (src/ARCHITECTURE.md, "Network files"). */
export function encodePorts(records: readonly PortRecord[]): string {
  const fields = records.flatMap(([protocol, host, port, address = '', target = '']) => [
    'port',
    '5',
    protocol,
    host,
    String(port),
    address,
    String(target),
  ]);
  return ['skiff-ports', '1', '1', ...fields].map((field) => `${field}\0`).join('');
}

/** Each worker of vitest has a thousand ports of its own, below those that the kernel gives to whoever asks for any. */
const FIRST_PORT = 10_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 20) * 1000;
const given = new Set<number>();

/** A port that nobody has, for TCP and UDP, and that nobody else is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, FIRST_PORT + 1000);
    if (given.has(port)) continue;
    given.add(port);
    const [server, socket] = [createServer().listen(port, '::'), createSocket('udp6').bind(port, '::')];
    const free = await Promise.all([once(server, 'listening'), once(socket, 'listening')]).then(
      () => true,
      () => false,
    );
    await Promise.allSettled(
      [server, socket].map((each) => new Promise<void>((done) => each.close(() => done()))),
    );
    if (free) return port;
  }
}

function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/**
 * Returns the program built as the helper is: statically with musl, unless it is the one with sanitizers that is
 * tested.
 */
function builtAsHelper(program: string): string {
  return builtProgram(HELPER_IS_STATIC ? program : `${program}-asan`);
}

function observe(child: ChildProcess, path: string): Holder {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const next = waiting.shift();
      if (next === undefined) lines.push(line);
      else next(line);
    }
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('it was not started');
  const line = (): Promise<string> => {
    const next = lines.shift();
    return next === undefined ? new Promise((done) => waiting.push(done)) : Promise.resolve(next);
  };
  return {
    child,
    pid,
    line,
    rewrite: (records) => write(path, encodePorts(records)),
    remove: () => rmSync(path),
    forwarder: () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() || Number.NaN),
    async release() {
      child.stdin?.end();
      for (;;) if ((await line()) === 'released') return;
    },
  };
}
