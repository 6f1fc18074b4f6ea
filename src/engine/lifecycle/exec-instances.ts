import { existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { namesIn, readIfPresent } from '../../host/missing.ts';
import { randomHex } from '../../host/random.ts';
import type { Handover } from '../../host/replace-process.ts';
import { runProgram } from '../../host/run-program.ts';
import type { StreamName, TerminalSize } from '../options/client.ts';
import { untilInput } from '../options/input.ts';
import { livingExec } from '../state/exec-ids.ts';
import { containerPaths, runtimeIds } from '../store/container-paths.ts';
import { type ContainerRow, containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ExecRequest, noteExec, prepareExec, requireExecutable, writeExecFile } from './exec.ts';
import { type ProcessStreams, processStreams } from './process-streams.ts';

/**
 * A process that is asked for first and started later, by its id, as Docker's API has it. All that is known of it lies
 * in RUN/ID/exec (src/engine/store/STORE.md), so that whoever comes next finds it, and goes with the container's run:
 * `EXECID.request`, what was asked for; `EXECID.started`, somebody has started it; `EXECID.exit`, its code.
 */
export interface ExecInstanceRequest extends Omit<ExecRequest, 'mode' | 'client'> {
  /** The streams that its starter is to get. */
  streams: readonly StreamName[];
  detachKeys?: string | undefined;
  size?: TerminalSize | undefined;
}

/** What has become of such a process. */
export interface ExecInstance {
  id: string;
  containerId: string;
  request: ExecInstanceRequest;
  state: 'created' | 'running' | 'ended';
  /** As this host counts; only while it runs. */
  pid: number | undefined;
  /** Of one that has ended: 126 and 127 when it could not be started, 137 when nobody saw its end. */
  exitCode: number | undefined;
}

/** How long the end of one is known. */
const KEPT_MS = 300_000;

/** Makes an instance and returns its id: 64 hex digits. Throws as `execInContainer`. */
export async function createExec(
  context: Context,
  row: ContainerRow,
  request: ExecInstanceRequest,
): Promise<string> {
  await requireExecutable(context, row, request);
  const { execs } = containerPaths(context.paths, row.id);
  forgetOld(execs);
  const id = randomHex(32);
  writeExecFile(join(execs, `${id}.request`), JSON.stringify(request), row);
  noteExec(context, row, 'exec_create', { ...request, execId: id });
  return id;
}

/**
 * Starts one whose caller takes part in its streams. Throws `notFound` for one that there is not, `conflict` for one that
 * was started already, and as `execInContainer`.
 */
export async function startExec(
  context: Context,
  id: string,
  { size }: { size?: TerminalSize | undefined } = {},
): Promise<ProcessStreams> {
  const claimed = claim(context, id);
  const { row, execs, request } = claimed;
  const { terminal, detachKeys, streams } = request;
  const client = untilInput(
    { ...request, stdinOnce: true },
    { streams, detachKeys, forwardSignals: false, size: terminal ? (size ?? request.size) : undefined },
  );
  const handover = await prepared(context, claimed, { ...request, mode: 'attach', client });
  noteExec(context, row, 'exec_start', { ...request, execId: id });
  const started = processStreams(handover, client);
  const ended = started.ended.then((code) => {
    if (livingExec(execs, id) === undefined) noteEnd(execs, id, code, row);
    return code;
  });
  return { ...started, ended };
}

/** Starts one in the background. Throws as `startExec`, and `invalid` when its command cannot be executed. */
export async function startExecDetached(context: Context, id: string): Promise<void> {
  const claimed = claim(context, id);
  const { row, execs, request } = claimed;
  const { file, args } = await prepared(context, claimed, { ...request, stdin: false, mode: 'detach' });
  noteExec(context, row, 'exec_start', { ...request, execId: id });
  const { code, stderr } = await runProgram(file, args.slice(1));
  if (code === 0) return;
  noteEnd(execs, id, code ?? 137, row);
  throw new EngineError('invalid', stderr, { subject: id });
}

/** Throws `notFound` for an id of which nothing is known (any more). */
export function inspectExec(context: Context, id: string): ExecInstance {
  const { row, execs, request } = find(context, id);
  const pid = livingExec(execs, id);
  const exit = readIfPresent(join(execs, `${id}.exit`));
  const isStarted = existsSync(startedFile(execs, id));
  return {
    id,
    containerId: row.id,
    request,
    state: pid !== undefined ? 'running' : isStarted ? 'ended' : 'created',
    pid,
    exitCode:
      pid !== undefined || !isStarted ? undefined : Number(/^code (\d+)/.exec(exit ?? '')?.[1] ?? 137),
  };
}

interface FoundExec {
  id: string;
  row: ContainerRow;
  /** The directory with its files. */
  execs: string;
  request: ExecInstanceRequest;
}

/** Makes this call the one that starts it. */
function claim(context: Context, id: string): FoundExec {
  const found = find(context, id);
  try {
    linkSync(join(found.execs, `${id}.request`), startedFile(found.execs, id));
  } catch (cause) {
    const isClaimed = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isClaimed) throw noSuchExec(id);
    throw new EngineError('conflict', `exec instance ${id} has been started already`, {
      subject: id,
      failure: 'alreadyExecuted',
      hint: 'an exec instance runs once, create another one',
    });
  }
  return found;
}

/** Prepares one that this call starts; what is refused now, as while the container is paused, can be started later. */
async function prepared(
  context: Context,
  { id, row, execs }: FoundExec,
  request: ExecRequest,
): Promise<Handover> {
  try {
    return await prepareExec(context, row, request, id);
  } catch (error) {
    rmSync(startedFile(execs, id), { force: true });
    throw error;
  }
}

/** The file that says that somebody starts it, or has started it. */
function startedFile(execs: string, id: string): string {
  return join(execs, `${id}.started`);
}

/** Looks in the containers that run: those of others have gone with their runs. */
function find(context: Context, id: string): FoundExec {
  if (!/^[0-9a-f]{64}$/.test(id)) throw noSuchExec(id);
  for (const container of runtimeIds(context.paths)) {
    const { execs } = containerPaths(context.paths, container);
    const text = readIfPresent(join(execs, `${id}.request`));
    const row = text === undefined ? undefined : containerById(context.database, container);
    if (text !== undefined && row !== undefined) return { id, row, execs, request: JSON.parse(text) };
  }
  throw noSuchExec(id);
}

function noSuchExec(id: string): EngineError {
  return new EngineError('notFound', `no such exec instance: ${id}`, {
    subject: id,
    failure: 'noSuchExec',
    hint: 'it goes with the run of its container, and five minutes after its end',
  });
}

/** Notes an end that nobody else has noted, as that of one which could not be started. */
function noteEnd(execs: string, id: string, code: number, row: ContainerRow): void {
  const file = join(execs, `${id}.exit`);
  if (existsSync(file) || !existsSync(execs)) return;
  writeExecFile(file, `code ${code}\n`, row);
}

function forgetOld(execs: string): void {
  for (const name of namesIn(execs).filter((each) => each.endsWith('.exit'))) {
    const modified =
      statSync(join(execs, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (modified > Date.now() - KEPT_MS) continue;
    const id = name.slice(0, -'.exit'.length);
    for (const kind of ['request', 'started', 'exit']) rmSync(join(execs, `${id}.${kind}`), { force: true });
  }
}
