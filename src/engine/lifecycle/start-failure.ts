import { existsSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { parseIdentity } from '../../host/process.ts';
import {
  type ExplainedFailure,
  errnoName,
  explainFailure,
  type FailureRecord,
} from '../../runtime/failure/failure.ts';
import { dropWithVolumes } from '../state/drop.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, recordStartFailure } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Says why a start failed and keeps it: the container stays, created but never started. The row of one that was to be
 * removed at its end, which this is, goes too, unless a command waits that has started it and wants to know.
 */
export async function noteStartFailure(
  context: Context,
  row: ContainerRow,
  record: FailureRecord,
): Promise<ExplainedFailure> {
  const explained = await explain(context, row, record);
  const { kind, message, hint, failure, subject } = explained.error;
  const { exitCode } = explained;
  // Who starts a container in the foreground becomes the helper, and then this process.
  const isAwaited = parseIdentity(row.starter)?.pid !== process.pid;
  if (isAwaited || !isRemoved(context, row))
    recordStartFailure(context.database, row.id, { message, exitCode, kind, hint, failure, subject });
  else drop(context, row);
  return explained;
}

/**
 * Explains a failure. A port that is taken is looked for in the processes of this host, to name the one that has it; of what
 * this machine cannot execute, or only by an emulator that is not in the container, the image's platform may be the reason.
 */
async function explain(
  context: Context,
  row: ContainerRow,
  record: FailureRecord,
): Promise<ExplainedFailure> {
  const code = errnoName(record.errno);
  if (record.stage === 'port' && code === 'EADDRINUSE') {
    const { portInUse } = await import('../endpoints/port-in-use.ts');
    return { error: portInUse(record.detail), exitCode: 125 };
  }
  const explained = explainFailure(record, { command: row.argv[0], user: row.options.process.user });
  const reason = platformReason(record);
  if (reason === undefined) return explained;
  const { foreignImageHint, unreachableEmulatorHint } = await import('../images/foreign.ts');
  const hint = reason === 'foreign' ? foreignImageHint(context, row) : unreachableEmulatorHint(context, row);
  if (hint === undefined) return explained;
  const { kind, message, subject, cause } = explained.error;
  return { ...explained, error: new EngineError(kind, message, { hint, subject, cause }) };
}

/**
 * How the platform of an image may be the reason of a failure: the kernel does not know such programs, or does not find the emulator
 * that it hands them to, which looks like the loader of a program that is not there. Undefined: it is none.
 */
export function platformReason({ stage, errno }: FailureRecord): 'foreign' | 'unreachable' | undefined {
  if (stage === 'exec' && errnoName(errno) === 'ENOEXEC') return 'foreign';
  return stage === 'exec-interpreter' ? 'unreachable' : undefined;
}

/** Drops the row of a `--rm` container that could not be started: nothing else of it is left. */
export function forgetFailedStart(context: Context, row: ContainerRow): void {
  if (isRemoved(context, row)) drop(context, row);
}

function drop(context: Context, { id }: ContainerRow): void {
  context.database.transaction(() => dropWithVolumes(context, id));
}

function isRemoved({ paths }: Context, { id, autoRemove }: ContainerRow): boolean {
  return autoRemove && !existsSync(containerPaths(paths, id).directory);
}
