import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { randomHex } from '../../host/random.ts';
import type { Handover } from '../../host/replace-process.ts';
import { isFrozen } from '../../runtime/cgroup/freezer.ts';
import type { JoinedProcess } from '../../runtime/options.ts';
import { compileExecPlan } from '../../runtime/plan/exec.ts';
import { decodePlan, encodePlan, type PlanRecord } from '../../runtime/record.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { type ClientOptions, clientWords } from '../options/client.ts';
import { running } from '../state/observe.ts';
import { isNotRunning } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { diskError } from '../store/disk-error.ts';

/** The process that is to run in a running container; an absent member is as for the container's own process. */
export interface ExecRequest {
  /** The command and its arguments, never empty. */
  argv: string[];
  /** Applied to the container's: `KEY=VALUE`, or `KEY` alone, which takes the variable away. */
  env: string[];
  /** Absolute path inside the container. */
  cwd?: string | undefined;
  /** `name|uid[:group|gid]`. */
  user?: string | undefined;
  /** Whether the process gets all capabilities, and no system call filter. */
  privileged: boolean;
  stdin: boolean;
  terminal: boolean;
  mode: 'attach' | 'detach';
  client?: ClientOptions | undefined;
}

/**
 * Prepares one more process in a container. The caller becomes the returned program, which starts it and, with `attach`,
 * relays its streams and exits with its code. Throws `conflict` when the container does not run or is paused, `invalid`
 * for a working directory that is no absolute path.
 */
export async function execInContainer(
  context: Context,
  row: ContainerRow,
  request: ExecRequest,
): Promise<Handover> {
  const execId = randomHex(32);
  const handover = await prepareExec(context, row, request, execId);
  for (const action of ['exec_create', 'exec_start']) noteExec(context, row, action, { execId, ...request });
  return handover;
}

/** Notes what happens to a process that is not the container's own. */
export function noteExec(
  context: Context,
  row: ContainerRow,
  action: string,
  { argv, execId }: Pick<ExecRequest, 'argv'> & { execId: string },
): void {
  appendContainerEvent(context, row, `${action}: ${argv.join(' ')}`, { execID: execId });
}

/** Throws what `execInContainer` throws. */
export async function requireExecutable(
  context: Context,
  row: ContainerRow,
  { cwd }: Pick<ExecRequest, 'cwd'>,
): Promise<{ container: PlanRecord[]; target: JoinedProcess }> {
  if (cwd !== undefined && !cwd.startsWith('/')) {
    throw new EngineError('invalid', `the working directory "${cwd}" is not an absolute path`, {
      subject: cwd,
    });
  }
  const { status } = await running(context, row);
  const container = readPlan(containerPaths(context.paths, row.id).plan, row);
  requireThawed(container, row);
  return { container, target: status.record.init };
}

/** Prepares a process as `execInContainer`, as the one that has an id already, and tells nobody. */
export async function prepareExec(
  context: Context,
  row: ContainerRow,
  request: ExecRequest,
  execId: string,
): Promise<Handover> {
  const { argv, mode, client } = request;
  const { container, target } = await requireExecutable(context, row, request);
  const paths = containerPaths(context.paths, row.id);
  const plan = compileExecPlan(container, {
    ...request,
    exitRecord: join(paths.execs, execId),
    target,
    failure: [...context.ownCommand('explain-exec-failure'), argv[0] ?? '', request.user ?? ''],
  });
  const file = join(paths.execs, `${execId}.plan`);
  writeExecFile(file, encodePlan(plan), row);
  const clientArgs = client === undefined ? [] : clientWords(client);
  return { file: context.helper, args: ['skiff-helper', 'exec', file, mode, ...clientArgs] };
}

/** The plan that the container was started with, which it keeps for as long as it runs. */
function readPlan(file: string, row: ContainerRow): PlanRecord[] {
  try {
    return decodePlan(readFileSync(file));
  } catch (error) {
    if (isMissing(error)) throw isNotRunning(row);
    throw error;
  }
}

/** Throws when the container is frozen. Its cgroups are those of its plan; only one of them has a freezer. */
function requireThawed(plan: readonly PlanRecord[], { id, name }: ContainerRow): void {
  const frozen = plan.some(
    ([op, version, path = '']) =>
      op === 'cgroup' && isFrozen({ version: version === 'v2' ? 'v2' : 'v1', path }),
  );
  if (!frozen) return;
  throw new EngineError('conflict', `container ${name} is paused, unpause the container before exec`, {
    subject: name,
    failure: 'execInPaused',
    object: id,
    remedy: `skiff unpause ${name}`,
  });
}

/** Writes what an `exec` needs. RUN/ID goes with the container; when it just did there is nothing left to run in. */
export function writeExecFile(file: string, content: Uint8Array | string, row: ContainerRow): void {
  const directory = dirname(file);
  try {
    try {
      writeFileSync(file, content, { mode: 0o600 });
    } catch (error) {
      if (!isMissing(error)) throw error;
      makeDirectory(directory);
      writeFileSync(file, content, { mode: 0o600 });
    }
  } catch (cause) {
    throw isMissing(cause) ? isNotRunning(row) : diskError(cause, directory);
  }
}

/**
 * Makes a directory unless another command does so at this moment. Not `recursive`: RUN/ID that is gone must not come
 * back.
 */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
