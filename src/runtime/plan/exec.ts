import type { JoinedProcess } from '../options.ts';
import type { PlanRecord } from '../record.ts';
import { CAPABILITIES, capabilityMask, isKnownNotRoot } from '../spec/capabilities.ts';
import { applyEnvironment } from '../spec/environment.ts';

/** The options of another process in a container; one that is absent is as for the container's own process. */
export interface ExecOptions {
  /** The file where the process's end is recorded, beside the plan. */
  exitRecord: string;
  /** The container's first process. */
  target: JoinedProcess;
  argv: readonly string[];
  /** Applied to the container's: `KEY=VALUE`, or `KEY` alone, which takes the variable away. */
  env: readonly string[];
  /** Inside the container; it must exist. */
  cwd?: string | undefined;
  user?: string | undefined;
  /** Whether the process has all capabilities, and no system call filter. */
  privileged: boolean;
  stdin: boolean;
  terminal: boolean;
  /** argv of the command that explains a failure. */
  failure: readonly string[];
}

/**
 * Compiles the plan of `exec` (native/PLAN.md, "The plan of exec") from that of the container, which says what the
 * container was started with. Pure.
 */
export function compileExecPlan(container: readonly PlanRecord[], options: ExecOptions): PlanRecord[] {
  const { exitRecord, target, stdin, terminal, failure, privileged } = options;
  const all = (...ops: string[]) => container.filter(([op]) => ops.includes(op));
  return [
    ...all('id', 'rundir'),
    ['exit-record', exitRecord],
    ['target', String(target.pid), String(target.startTime)],
    ['stdin', stdin ? 'open' : 'null'],
    ...(terminal ? [['terminal'] as const] : []),
    ['failure', ...failure],
    ...all('events', 'label', 'cgroup', 'monitor-cgroup', ...(privileged ? [] : ['seccomp'])),
    ['setup'],
    ['init'],
    ['process'],
    ...processRecords(container, options),
    ['teardown'],
  ];
}

/** The records that an exec'ed process has of its own; it has all others from the container. */
const OWN: readonly string[] = ['arg', 'env', 'cwd', 'user', 'capabilities', 'reaper'];

function processRecords(container: readonly PlanRecord[], options: ExecOptions): PlanRecord[] {
  const cwd = options.cwd ?? argumentsOf(container, 'cwd')[0] ?? '/';
  const user = options.user ?? argumentsOf(container, 'user')[0] ?? '';
  return [
    ...options.argv.map((arg): PlanRecord => ['arg', arg]),
    ...environment(container, options).map((entry): PlanRecord => ['env', entry]),
    ['cwd', cwd],
    ['user', user],
    ...processSection(container).filter(([op]) => !OWN.includes(op)),
    ['capabilities', ...capabilitySets(container, user, options.privileged)],
  ];
}

/** The container's environment, with TERM where there is a terminal, and what was asked for applied to it. */
function environment(container: readonly PlanRecord[], { env, terminal }: ExecOptions): string[] {
  const own = container.flatMap(([op, entry = '']) => (op === 'env' ? [entry] : []));
  return applyEnvironment([...(terminal ? ['TERM=xterm'] : []), ...own], env);
}

/** Inheritable and ambient are empty, and a user who is known not to be root has a bounding set alone, as at a start. */
function capabilitySets(container: readonly PlanRecord[], user: string, privileged: boolean): string[] {
  const bounding = privileged
    ? capabilityMask(CAPABILITIES)
    : (argumentsOf(container, 'capabilities')[0] ?? '0');
  const own = isKnownNotRoot(user) ? '0' : bounding;
  return [bounding, own, '0', own, '0'];
}

/** The records of a plan's section `process`, which is followed by `teardown`. */
function processSection(records: readonly PlanRecord[]): readonly PlanRecord[] {
  const ops = records.map(([op]) => op);
  return records.slice(ops.indexOf('process') + 1, ops.indexOf('teardown'));
}

function argumentsOf(records: readonly PlanRecord[], op: string): readonly string[] {
  return records.find(([name]) => name === op)?.slice(1) ?? [];
}
