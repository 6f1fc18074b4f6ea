import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './measure.ts';

/** An engine with a store of its own below the benchmark's directory. */
export interface Peer {
  name: string;
  version: string;
  /** The command line up to the command's name. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  pullOptions: readonly string[];
  buildOptions?: readonly string[];
  /** Removes at once what runs: podman asks first and waits ten seconds. */
  remove: readonly string[];
  /** CPU seconds spent so far outside of the client. */
  otherCpu?: () => number;
  /** The process behind the client, and where it listens. */
  daemon?: { socket: string; pid: number };
  stop(): Promise<void>;
}

const nothing = async () => {};

/** The executable of this checkout. `through` stands in front of each command of a peer, to run it elsewhere. */
export async function skiff(work: string, through: readonly string[] = []): Promise<Peer> {
  const executable = resolve(import.meta.dirname, '../../build/skiff');
  const root = join(work, 'skiff');
  const { stdout } = await run(executable, ['version']);
  return {
    name: 'skiff',
    version: stdout.split('\n')[0] ?? '',
    command: [...through, executable, '--root', root],
    env: {},
    pullOptions: [],
    remove: ['rm', '-f'],
    stop: nothing,
  };
}

/**
 * Debian's podman with its default runtime, crun. Where root lacks CAP_SYS_RESOURCE it cannot raise limits to its defaults
 * ("setrlimit RLIMIT_NOFILE: Operation not permitted"), so the limits are set lower for every container. Debian's crun
 * refuses a hybrid cgroup tree whose v2 part has controllers; runc takes its place there.
 */
export async function podman(work: string, through: readonly string[] = []): Promise<Peer | undefined> {
  const program = '/usr/bin/podman';
  if (!existsSync(program)) return undefined;
  const config = join(work, 'containers.conf');
  writeFileSync(config, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n');
  const networks = join(work, 'podman-networks');
  mkdirSync(networks, { recursive: true });
  const places = ['--root', join(work, 'podman'), '--runroot', join(work, 'podman-run')];
  const env = { CONTAINERS_CONF: config };
  const { stdout } = await run(program, ['--version'], { env: { ...process.env, ...env } });
  return {
    name: 'podman',
    version: stdout.trim(),
    command: [
      ...[...through, program, ...places, '--network-config-dir', networks],
      ...['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs'],
      ...(hybridWithControllers() ? ['--runtime', 'runc'] : []),
    ],
    env,
    pullOptions: ['--tls-verify=false'],
    remove: ['rm', '-f', '-t', '0'],
    stop: nothing,
  };
}

/**
 * Debian's buildah, for builds in the place of podman, with the same limits and runtime; it keeps what steps made only if
 * it is told to.
 */
export async function buildah(work: string): Promise<Peer | undefined> {
  const program = '/usr/bin/buildah';
  if (!existsSync(program)) return undefined;
  const { stdout } = await run(program, ['--version']);
  const places = ['--root', join(work, 'buildah'), '--runroot', join(work, 'buildah-run')];
  const runtime = hybridWithControllers() ? ['--runtime', 'runc'] : [];
  return {
    name: 'buildah',
    version: stdout.trim(),
    command: [program, ...places, '--storage-driver', 'overlay'],
    env: {},
    pullOptions: ['--tls-verify=false'],
    buildOptions: ['--layers', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', ...runtime],
    remove: ['rm'],
    stop: nothing,
  };
}

function hybridWithControllers(): boolean {
  const controllers = '/sys/fs/cgroup/unified/cgroup.controllers';
  return existsSync(controllers) && readFileSync(controllers, 'utf8').trim() !== '';
}

/**
 * Debian's docker.io: a daemon of our own (with a containerd of its own); only where `through` leads it to a network
 * namespace of its own it has a bridge and firewall rules.
 */
export async function docker(work: string, through: readonly string[] = []): Promise<Peer | undefined> {
  const [client, daemon] = ['/usr/bin/docker', '/usr/sbin/dockerd'];
  if (!existsSync(client) || !existsSync(daemon)) return undefined;
  const [socket, execRoot] = [join(work, 'd.sock'), join(work, 'd')];
  const log = openSync(join(work, 'dockerd.log'), 'a');
  const places = [
    '--data-root',
    join(work, 'docker'),
    '--exec-root',
    execRoot,
    '--pidfile',
    join(work, 'd.pid'),
  ];
  const withoutNetworks = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
  const options = ['--oom-score-adjust=0', ...(through.length === 0 ? withoutNetworks : [])];
  const [program = '', ...words] = [...through, daemon, ...places, ...options, '-H', `unix://${socket}`];
  const child = spawn(program, words, { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  const command = [...through, client, '-H', `unix://${socket}`];
  await ready(join(work, 'dockerd.log'), child);
  const { stdout } = await run(client, ['--version']);
  return {
    name: 'docker',
    version: stdout.trim(),
    command,
    env: { DOCKER_BUILDKIT: '1' },
    pullOptions: [],
    remove: ['rm', '-f'],
    otherCpu: () => cpuOfTree(child.pid ?? 0),
    daemon: { socket, pid: child.pid ?? 0 },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Waits until dockerd says that it listens; a daemon that ends before is an error with its log. */
async function ready(log: string, child: ReturnType<typeof spawn>): Promise<void> {
  while (!readFileSync(log, 'utf8').includes('API listen on')) {
    if (child.exitCode !== null) throw new Error(`dockerd did not start:\n${readFileSync(log, 'utf8')}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

const TICKS_PER_SECOND = 100;

/** CPU seconds of a process, of those it waited for, and of all its living descendants. */
export function cpuOfTree(root: number): number {
  return treeOf(root).reduce((total, { ticks }) => total + ticks, 0) / TICKS_PER_SECOND;
}

/** kB of a process and of all its living descendants, what several share divided among them. */
export function pssOfTree(root: number): number {
  return treeOf(root).reduce((total, { pid }) => total + (pssOf(pid) ?? 0), 0);
}

function pssOf(pid: number): number | undefined {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
  } catch {
    return undefined; // It ended meanwhile.
  }
}

interface TreeProcess {
  pid: number;
  parent: number;
  ticks: number;
}

/** A process and all its living descendants. */
function treeOf(root: number): TreeProcess[] {
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  const members = processes.filter(({ pid }) => pid === root);
  for (const member of members) members.push(...processes.filter(({ parent }) => parent === member.pid));
  return members;
}

function statOf(pid: number): TreeProcess | [] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 4 is the parent, 14 to 17 are the times (proc(5)); the command in field 2 may hold blanks.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((total, value) => total + value, 0);
    return { pid, parent: fields[1] ?? 0, ticks };
  } catch {
    return []; // It ended meanwhile.
  }
}

/** Runs a command of an engine without timing it. */
export function clockless(
  { command: [program = '', ...prefix], env }: Pick<Peer, 'command' | 'env'>,
  words: readonly string[],
): Promise<{ stdout: string }> {
  return run(program, [...prefix, ...words], { env: { ...process.env, ...env } });
}
