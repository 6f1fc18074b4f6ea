import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect } from 'vitest';
import { processIdentity } from '../../src/host/process.ts';
import {
  type ExitRecord,
  parseExitRecord,
  parseStateRecord,
  type StateRecord,
} from '../../src/runtime/monitor/records.ts';
import { encodePlan, type PlanRecord } from '../../src/runtime/record.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { until } from './until.ts';

/** The helper that is tested; SKIFF_HELPER names another build of it, such as the one with sanitizers. */
export const HELPER =
  process.env['SKIFF_HELPER'] ?? resolve(import.meta.dirname, '../../build/native/skiff-helper');

/** The build with sanitizers needs the C library's files, so it cannot run inside of a container. */
export const HELPER_IS_STATIC = !HELPER.endsWith('-asan');

/** The monitor has no stderr that anybody sees: a sanitizer's complaint goes to files, which fail the test file. */
const COMPLAINTS = join(tmpdir(), `skiff-complaints-${process.pid}`);
const SANITIZERS = {
  ASAN_OPTIONS: `detect_leaks=0:log_path=${COMPLAINTS}/asan`,
  UBSAN_OPTIONS: `print_stacktrace=1:log_path=${COMPLAINTS}/ubsan`,
};

const V1 = ['memory', 'cpu', 'pids'].every((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));

const CGROUP_MOUNT: PlanRecord = V1
  ? ['cgroup-mount', '/sys/fs/cgroup', 'v1', 'ro', 'memory', 'cpu', 'pids']
  : ['cgroup-mount', '/sys/fs/cgroup', 'v2', 'ro'];

/** Docker's default set: who has CAP_SYS_PTRACE lets nobody join its pid namespace. */
export const DEFAULT_CAPABILITIES: PlanRecord = [
  'capabilities',
  'a80425fb',
  'a80425fb',
  '0',
  'a80425fb',
  '0',
];

/** The differences that a test wants from a container with everything. */
export interface Wishes {
  args: readonly string[];
  stdin?: 'open' | 'null';
  /** Records after those of the default plan, by section. */
  general?: readonly PlanRecord[];
  setup?: readonly PlanRecord[];
  init?: readonly PlanRecord[];
  afterPivot?: readonly PlanRecord[];
  process?: readonly PlanRecord[];
  teardown?: readonly PlanRecord[];
  /** Limits by controller; the others are joined all the same. */
  memory?: number;
  pids?: number;
  /** µs of each period that it may run. */
  cpu?: { quota: number; period: number };
  /** False: nothing on /sys/fs/cgroup. */
  showsCgroups?: boolean;
  namespaces?: readonly string[];
  /** A new user namespace: 65536 ids from here on; the layers are shown through them. */
  firstId?: number;
  /** Devices are made, or, as a user namespace asks for, the host's are bound. */
  devices?: 'node' | 'bind';
  /** Flags of the overlay. */
  overlay?: string;
  /** Targets of the default plan that are not mounted. */
  without?: readonly string[];
  failure?: readonly string[];
  /** Environment of the helper. */
  env?: Record<string, string>;
  layer?: string;
  /** A copy of the helper to run instead of the helper itself. */
  helper?: string;
  /** The network namespace that is the host's to the helper, instead of this process's. */
  network?: NetworkNamespace;
}

/** Another process in a container that runs. */
export interface ExecWishes {
  args: readonly string[];
  mode?: 'attach' | 'detach';
  /** The standard input of the process; absent: nothing. */
  stdin?: string | Uint8Array;
  execId?: string;
  /** The plan to use instead of the one that is written. */
  plan?: string;
  /** The process to enter instead of the container's first one. */
  target?: { pid: number; startTime: number };
  general?: readonly PlanRecord[];
  process?: readonly PlanRecord[];
  failure?: readonly string[];
}

/** The outcome of a program in the foreground. */
export interface Result {
  stdout: Buffer;
  stderr: string;
  code: number | null;
  signal: string | null;
}

/** A directory for the containers of one test file, with a layer made of busybox. */
export interface Room {
  root: string;
  layer: string;
  /** Writes a container's plan and makes its directories. */
  plan(wishes: Wishes): PlannedContainer;
}

/** The exit status of `cleanup` while the container's monitor lives (native/PLAN.md). */
const ATTENDED = 3;

/** Makes a room; at the end of the file nothing may be left of its containers. */
export function useRoom(): Room {
  const root = mkdtempSync(join(tmpdir(), 'skiff-native-'));
  const layer = join(root, 'layer');
  makeLayer(layer);
  mkdirSync(COMPLAINTS, { recursive: true });
  const planned: PlannedContainer[] = [];
  afterAll(() => {
    for (const container of planned) container.destroy();
    const complaints = readdirSync(COMPLAINTS).map((name) => readFileSync(join(COMPLAINTS, name), 'utf8'));
    rmSync(COMPLAINTS, { recursive: true });
    const left = planned.flatMap((container) => container.cgroups.filter((path) => existsSync(path)));
    for (const path of cgroupParents()) if (existsSync(path)) execFileSync('rmdir', [path]);
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    rmSync(root, { recursive: true });
    expect(complaints).toEqual([]);
    expect(left).toEqual([]);
    expect(mounts.filter((line) => line.includes(root))).toEqual([]);
  });
  return {
    root,
    layer,
    plan(wishes) {
      const container = new PlannedContainer(root, { layer, ...wishes });
      planned.push(container);
      return container;
    },
  };
}

/** A layer with busybox, the files that name users, and an unprivileged user. */
export function makeLayer(layer: string): void {
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root'])
    mkdirSync(join(layer, name), { recursive: true });
  copyFileSync('/usr/bin/busybox', join(layer, 'bin/busybox'));
  execFileSync('chroot', [layer, '/bin/busybox', '--install', '-s', '/bin']);
  writeFileSync(
    join(layer, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nharbour:x:1000:1000::/home/harbour:/bin/sh\n',
  );
  writeFileSync(join(layer, 'etc/group'), 'root:x:0:\nharbour:x:1000:\nsail:x:2000:root,harbour\n');
}

const PARENT = `skiff-native-${process.pid}`;

function cgroupParents(): string[] {
  const controllers = V1 ? ['memory/', 'cpu/', 'pids/'] : [''];
  return controllers.map((controller) => `/sys/fs/cgroup/${controller}${PARENT}`);
}

/** The plan and directories of one container, and the ways to drive the helper on it. */
export class PlannedContainer {
  readonly id = randomBytes(32).toString('hex');
  readonly directory: string;
  readonly runDir: string;
  readonly planPath: string;
  readonly cgroups: string[];
  readonly #env: Record<string, string>;
  readonly #helper: readonly string[];

  constructor(root: string, wishes: Wishes & { layer: string }) {
    this.directory = join(root, 'containers', this.id);
    this.runDir = join(root, 'run', this.id);
    this.planPath = join(this.runDir, 'plan');
    this.cgroups = cgroupParents().map((parent) => join(parent, this.id));
    this.#env = { ...SANITIZERS, ...wishes.env };
    this.#helper = [...(wishes.network?.enter ?? []), wishes.helper ?? HELPER];
    for (const name of ['upper', 'work', 'rootfs'])
      mkdirSync(join(this.directory, name), { recursive: true });
    mkdirSync(this.runDir, { recursive: true, mode: 0o700 });
    writeFileSync(this.planPath, encodePlan(this.#records(wishes)));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts `run`; the caller awaits `finished`. */
  start(
    mode: 'attach' | 'detach' = 'attach',
    stdin: 'pipe' | 'ignore' = 'ignore',
    words: readonly string[] = [],
  ): ChildProcess {
    return this.#spawn(['run', this.planPath, mode, ...words], {
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...process.env, ...this.#env },
    });
  }

  /** Writes the plan of one more process in the container, which must run. */
  execPlan(wishes: ExecWishes): string {
    const plan = join(this.runDir, 'exec', `${wishes.execId ?? randomBytes(32).toString('hex')}.plan`);
    mkdirSync(join(this.runDir, 'exec'), { recursive: true, mode: 0o700 });
    writeFileSync(plan, encodePlan(this.#execRecords(wishes, plan.replace(/\.plan$/, ''))));
    return plan;
  }

  /** Starts `exec` with it. */
  exec(wishes: ExecWishes): ChildProcess {
    const { mode = 'attach', stdin } = wishes;
    return this.#spawn(['exec', wishes.plan ?? this.execPlan(wishes), mode], {
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#env },
    });
  }

  /** Runs another process in the container to its end. */
  async execute(wishes: ExecWishes): Promise<Result> {
    const child = this.exec(wishes);
    if (wishes.stdin !== undefined) feed(child, wishes.stdin);
    return await finished(child);
  }

  #execRecords({ args, stdin, target, general = [], process = [], failure }: ExecWishes, record: string) {
    const { pid, startTime } = target ?? this.state.init;
    const cgroups = this.cgroups.map((path): PlanRecord => ['cgroup', V1 ? 'v1' : 'v2', path]);
    const records: PlanRecord[] = [
      ['id', this.id],
      ['rundir', this.runDir],
      ['exit-record', record],
      ['target', String(pid), String(startTime)],
      ['stdin', stdin === undefined ? 'null' : 'open'],
      ...(failure === undefined ? [] : [['failure', ...failure] as const]),
      ...cgroups,
      ...general,
      ['setup'],
      ['init'],
      ['process'],
      ...args.map((arg): PlanRecord => ['arg', arg]),
      ['env', 'PATH=/sbin:/bin'],
      ...process,
      ['teardown'],
    ];
    return records;
  }

  /** Runs it in the foreground to its end. */
  async run(input?: string | Uint8Array): Promise<Result> {
    const child = this.start('attach', input === undefined ? 'ignore' : 'pipe');
    if (input !== undefined) feed(child, input);
    return await finished(child);
  }

  /** Starts it in the background; resolves when its process runs. */
  async detach(): Promise<Result> {
    return await finished(this.start('detach'));
  }

  /** Sends one line to the control socket; resolves to everything that it answers until it hangs up, or to one line. */
  ask(line: string): Promise<string> {
    return new Promise((done, fail) => {
      let answer = '';
      const socket = connect(join(this.runDir, 'ctl'));
      socket.setEncoding('utf8');
      socket.on('connect', () => socket.write(`${line}\n`));
      socket.on('data', (text: string) => {
        answer += text;
        if (answer.endsWith('\n')) socket.end();
      });
      socket.on('close', () => done(answer));
      socket.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done(answer) : fail(error),
      );
    });
  }

  async cleanup(): Promise<Result> {
    return await finished(this.#spawn(['cleanup', this.planPath], { env: { ...process.env, ...this.#env } }));
  }

  get state(): StateRecord {
    return parseStateRecord(readFileSync(join(this.runDir, 'state'), 'utf8'));
  }

  get exit(): ExitRecord {
    return parseExitRecord(readFileSync(this.path('exit'), 'utf8'));
  }

  get log(): string {
    return readFileSync(this.path('log'), 'utf8');
  }

  /** Whatever the helper made outside of the container's own directory. */
  leftovers(): string[] {
    return [...this.cgroups, this.runDir].filter((path) => existsSync(path));
  }

  /** Takes back what a failed test may have left; fails nothing itself. */
  destroy(): void {
    if (!existsSync(this.planPath)) return;
    if (existsSync(join(this.runDir, 'state'))) {
      try {
        process.kill(this.state.monitor.pid, 'SIGKILL');
      } catch {}
    }
    const [command = HELPER, ...args] = this.#helper;
    const cleanUp = () => spawnSync(command, [...args, 'cleanup', this.planPath], { stdio: 'ignore' }).status;
    // One that was killed lives a little longer, and cleans up by itself as far as anybody knows.
    while (cleanUp() === ATTENDED);
  }

  #spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    const [command = HELPER, ...first] = this.#helper;
    return spawn(command, [...first, ...args], options);
  }

  #records(wishes: Wishes & { layer: string }): PlanRecord[] {
    const { namespaces = ['mount', 'pid', 'uts', 'ipc', 'net', 'cgroup'], stdin = 'null', failure } = wishes;
    const cgroups = this.cgroups.map((path): PlanRecord => ['cgroup', V1 ? 'v1' : 'v2', path]);
    return [
      ['id', this.id],
      ['rundir', this.runDir],
      ['exit-record', this.path('exit')],
      ['log', 'json-file', this.path('log'), '0', '1', 'plain'],
      ['stdin', stdin],
      ['stop', '15', '10000'],
      ...(failure === undefined ? [] : [['failure', ...failure] as const]),
      ...namespaces.map((name): PlanRecord => ['namespace', name]),
      ...userNamespace(wishes.firstId),
      ...cgroups,
      ...(wishes.general ?? []),
      ['setup'],
      ...this.#limits(wishes),
      ...(wishes.setup ?? []),
      ['init'],
      ...this.#init(wishes),
      ['process'],
      ...wishes.args.map((arg): PlanRecord => ['arg', arg]),
      ['env', 'PATH=/sbin:/bin'],
      ...(wishes.process ?? []),
      ['teardown'],
      ...this.cgroups.map((path): PlanRecord => ['rmdir-cgroup', path]),
      ...(wishes.teardown ?? []),
    ];
  }

  #limits({ memory, pids, cpu }: Wishes): PlanRecord[] {
    const [memoryDirectory, cpuDirectory, pidsDirectory] = V1 ? this.cgroups : Array(3).fill(this.cgroups[0]);
    const records: PlanRecord[] = [];
    if (!V1) records.push(['write', `/sys/fs/cgroup/${PARENT}/cgroup.subtree_control`, '+memory +cpu +pids']);
    if (memory !== undefined)
      records.push([
        'write',
        `${memoryDirectory}/${V1 ? 'memory.limit_in_bytes' : 'memory.max'}`,
        String(memory),
      ]);
    if (cpu !== undefined && V1)
      records.push(
        ['write', `${cpuDirectory}/cpu.cfs_period_us`, String(cpu.period)],
        ['write', `${cpuDirectory}/cpu.cfs_quota_us`, String(cpu.quota)],
      );
    if (cpu !== undefined && !V1)
      records.push(['write', `${cpuDirectory}/cpu.max`, `${cpu.quota} ${cpu.period}`]);
    if (pids !== undefined) records.push(['write', `${pidsDirectory}/pids.max`, String(pids)]);
    return records;
  }

  #init(wishes: Wishes & { layer: string }): PlanRecord[] {
    const { layer, init = [], afterPivot = [], namespaces, showsCgroups = true, firstId } = wishes;
    const mapped = firstId !== undefined;
    const { overlay = mapped ? 'nodev,idmap' : 'nodev', without = [] } = wishes;
    const { devices = mapped ? 'bind' : 'node' } = wishes;
    const own = (name: string): boolean => namespaces === undefined || namespaces.includes(name);
    const hardened = 'nosuid,noexec,nodev,mkdir';
    const device = (name: string, minor: number): PlanRecord =>
      devices === 'node'
        ? ['node', `/dev/${name}`, 'c', '1', String(minor), '666', '0', '0']
        : ['bind', `/dev/${name}`, `/dev/${name}`, 'mkfile'];
    const records: PlanRecord[] = [
      ['propagation', 'private'],
      ['overlay', this.path('rootfs'), this.path('upper'), this.path('work'), overlay, layer],
      ['mount', 'proc', 'proc', '/proc', hardened, ''],
      ['mount', 'tmpfs', 'tmpfs', '/dev', 'nosuid,mkdir', 'mode=755,size=65536k'],
      [
        'mount',
        'devpts',
        'devpts',
        '/dev/pts',
        'nosuid,noexec,mkdir',
        'newinstance,ptmxmode=0666,mode=0620,gid=5',
      ],
      ['mount', 'tmpfs', 'shm', '/dev/shm', hardened, 'mode=1777,size=65536k'],
      ...(own('ipc') ? [['mount', 'mqueue', 'mqueue', '/dev/mqueue', hardened, ''] as const] : []),
      ['mount', 'sysfs', 'sysfs', '/sys', `${hardened},ro`, ''],
      ...(showsCgroups ? [CGROUP_MOUNT] : []),
      ...Object.entries({ null: 3, zero: 5, full: 7, random: 8, urandom: 9 }).map(([name, minor]) =>
        device(name, minor),
      ),
      ['symlink', '/dev/fd', '/proc/self/fd'],
      ['symlink', '/dev/stdout', '/proc/self/fd/1'],
      ...(own('uts') ? [['hostname', 'ketch'] as const] : []),
      ...(own('net') ? [['loopback'] as const] : []),
      ...init,
      ['pivot'],
      ['mask', '/proc/kcore'],
      ['mask', '/sys/firmware'],
      ['readonly', '/proc/sys'],
      ...afterPivot,
    ];
    return records.filter(([op, , , target]) => op !== 'mount' || !without.includes(target ?? ''));
  }
}

function userNamespace(firstId: number | undefined): PlanRecord[] {
  if (firstId === undefined) return [];
  return [
    ['namespace', 'user'],
    ['uid-map', '0', String(firstId), '65536'],
    ['gid-map', '0', String(firstId), '65536'],
  ];
}

/** Gives a process its input; one that ends without having read it, as some must, is at fault with nothing. */
function feed({ stdin }: ChildProcess, input: string | Uint8Array): void {
  stdin?.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  stdin?.end(input);
}

/** Collects what a process says until it ended. */
export async function finished(child: ChildProcess): Promise<Result> {
  if (child.stdout === null || child.stderr === null) throw new Error('its output is not a pipe');
  const ended = new Promise<[number | null, string | null]>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done([code, signal]));
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    ended,
  ]);
  return { stdout, stderr: stderr.toString(), code, signal };
}

/** Resolves when a child printed `text` to stdout; what it printed so far. */
export function printed(child: ChildProcess, text: string): Promise<string> {
  return new Promise((done, fail) => {
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(text)) done(seen);
    });
    child.on('close', () => fail(new Error(`it ended without printing ${text}: ${seen}`)));
  });
}

/**
 * Resolves when a process is dead, whether or not anybody noticed: /proc has no event for it. Its files are closed then,
 * which they are not yet when its memory is gone, and /proc/PID/exe with it.
 */
export async function gone(pid: number): Promise<void> {
  await until(() => processIdentity(pid) === undefined);
}

/** Kills a process; what kill(2) has sent is carried out some time after it has returned. */
export async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await gone(pid);
}
