import { SIGKILL } from '../../runtime/monitor/signals.ts';
import type { ProcessOptions, ResourceOptions } from '../options/create.ts';

/** The facts of a container's life, from its records, its options and its cgroup. Times are ms since the epoch. */
export interface Evidence {
  state: 'created' | 'starting' | 'running' | 'paused' | 'exited';
  /** The command; absent for a container that is removed. */
  command?: string[] | undefined;
  /** Whether the container was removed at its end (`--rm`). */
  removed?: boolean | undefined;
  createdAt: number;
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
  /** Why the last start failed, and the exit code that `run` gave. */
  startFailure?: { message: string; exitCode: number } | undefined;
  /** How it ended; absent when nobody saw it (a reboot, a power failure). */
  end?: { code: number; signal?: number | undefined } | undefined;
  /** The last signal that reached the first process through skiff. */
  sent?: { signal: number; at: number } | undefined;
  /** SIGKILL was sent because the time for a stop had passed. */
  escalated: boolean;
  /** The kernel had dropped the signal of the stop, as process 1 had no handler for it. */
  ignored?: boolean | undefined;
  /** While it waits to be started again: how often it was, this time included, and when it will be. */
  restart?: { count: number; at: number } | undefined;
  oomKills: number;
  /** Bytes. */
  memoryPeak?: number | undefined;
  /** Bytes, as the kernel has it. */
  memoryLimit?: number | undefined;
  /** While it runs: bytes, and processes and threads. */
  usage?: { memory: number; pids: number } | undefined;
  /** Periods in which it was held back, and for how long altogether, in microseconds. */
  throttled?: { periods: number; microseconds: number } | undefined;
  /** Forks that the limit of processes refused. */
  pidsRefused: number;
  /** The signal that asks it to stop, and the ms it has then. */
  stop: { signal: number; timeoutMs: number };
  init: NonNullable<ProcessOptions['init']>;
  /** Whether the container's first process is the first one of a pid namespace. */
  ownPids: boolean;
  limits: Pick<ResourceOptions, 'memory' | 'nanoCpus' | 'cpuQuota' | 'cpuPeriod' | 'pidsLimit'>;
}

/** The one thing that explains a container's state. `certain` is false where the evidence allows for another reading. */
export type Cause =
  | { kind: 'created' | 'starting' | 'running' | 'paused' }
  | { kind: 'notStarted'; message: string; exitCode: number }
  /** The container ran, and nobody saw its end. */
  | { kind: 'lost' }
  /** The kernel killed it for want of memory. */
  | { kind: 'memory'; certain: boolean }
  /** The container did not end within the time of a stop. */
  | { kind: 'stopTimeout' }
  /** A signal ended it: one that skiff had sent, one for a fault of its own, or somebody else's. */
  | { kind: 'signal'; signal: number; from: 'skiff' | 'fault' | 'elsewhere' }
  /** The container shut itself down, as an init does, after the signal `sent` if skiff had sent one. */
  | { kind: 'shutdown'; how: 'halt' | 'restart'; sent?: number | undefined }
  /** The container ended when skiff asked it to. */
  | { kind: 'stopped'; signal: number; code: number }
  /**
   * The container ended by itself; `reported` is the signal that its exit code speaks of, as a shell's does of its last
   * command.
   */
  | { kind: 'exited'; code: number; reported?: number | undefined };

/**
 * How the kernel tells that somebody in a pid namespace has called reboot(2): SIGHUP for a restart, SIGINT for a halt or
 * a power-off. Sent by others, they do not end its first process: what it has no handler for never reaches it, wherever
 * it comes from, but for SIGKILL and SIGSTOP (pid_namespaces(7)).
 */
const SHUTDOWNS: Readonly<Record<number, 'halt' | 'restart'>> = { 1: 'restart', 2: 'halt' };

/**
 * The signals that the kernel sends to a process for a fault of its own: ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ,
 * SYS.
 */
const FAULTS = new Set([4, 5, 6, 7, 8, 11, 24, 25, 31]);

/** Decides from evidence why a container is in the state it is in. */
export function causeOf(evidence: Evidence): Cause {
  const { state, startFailure, end } = evidence;
  if (state === 'running' || state === 'paused' || state === 'starting') return { kind: state };
  if (startFailure !== undefined && end === undefined) {
    const { message, exitCode } = startFailure;
    return { kind: 'notStarted', message, exitCode };
  }
  if (state === 'created') return { kind: 'created' };
  if (end === undefined) return { kind: 'lost' };
  return causeOfEnd(evidence, end);
}

function causeOfEnd(evidence: Evidence, { code, signal }: NonNullable<Evidence['end']>): Cause {
  const { sent, escalated, oomKills, init } = evidence;
  const killed = code === 128 + SIGKILL;
  if (killed && escalated) return { kind: 'stopTimeout' };
  // With --init the code is passed on, as PID 1 cannot kill itself; a shell passes on that of its child as well.
  if (killed && oomKills > 0 && sent?.signal !== SIGKILL)
    return { kind: 'memory', certain: init || signal === SIGKILL };
  const how = evidence.ownPids && signal !== undefined ? SHUTDOWNS[signal] : undefined;
  if (how !== undefined) return { kind: 'shutdown', how, sent: sent?.signal };
  const deadly = signal ?? (init && code > 128 ? code - 128 : undefined);
  if (deadly !== undefined) {
    const from = sent?.signal === deadly ? 'skiff' : FAULTS.has(deadly) ? 'fault' : 'elsewhere';
    return { kind: 'signal', signal: deadly, from };
  }
  if (sent !== undefined && (code === 128 + sent.signal || sent.signal === evidence.stop.signal))
    return { kind: 'stopped', signal: sent.signal, code };
  return { kind: 'exited', code, reported: code > 128 && code <= 128 + 64 ? code - 128 : undefined };
}
