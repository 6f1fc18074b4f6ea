import { unlinkSync } from 'node:fs';
import { namesIn, readIfPresent, unlessMissing } from '../../host/missing.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { insertDeparture } from '../store/departures.ts';
import { dropWithVolumes } from './drop.ts';
import { statusOf } from './status.ts';

/**
 * Runs a write transaction that begins with deleting the rows of `--rm` containers whose monitor left a mark in `gone`
 * when it removed their files. The marks go after the commit: those of what is rolled back are needed again.
 * `durable`: it is on the disk when this returns.
 */
export function transactionAfterSweep<T>(context: Context, body: () => T, { durable = false } = {}): T {
  const marks = marksIn(context);
  const sweep = () => {
    for (const id of marks) depart(context, id);
    return body();
  };
  const { database } = context;
  const result = durable ? database.durableTransaction(sweep) : database.transaction(sweep);
  for (const id of marks) removeMark(context, id);
  return result;
}

/** The same for those who only look: nothing is written when nobody has gone. */
export function sweepDeparted(context: Context): void {
  if (marksIn(context).length > 0) transactionAfterSweep(context, () => undefined);
}

/** Deletes the row of one `--rm` container that is gone, and its mark. */
export function dropDeparted(context: Context, id: string): void {
  context.database.transaction(() => depart(context, id));
  removeMark(context, id);
}

/**
 * Deletes the row of a `--rm` container that is gone, with its anonymous volumes; its end, which its mark tells, is
 * remembered. Call it in a transaction; the mark stays for the next sweep.
 */
function depart(context: Context, id: string): void {
  const record = readMark(context, id);
  if (record !== '') insertDeparture(context.database, id, record);
  dropWithVolumes(context, id);
}

/** Whether a container is gone; if so, its row is too from now on. Call it in a transaction. */
export function departedBefore(context: Context, row: ContainerRow): boolean {
  if (statusOf(context, row).state !== 'gone') return false;
  depart(context, row.id);
  return true;
}

/** Empty when there is none, and of one that never started. */
function readMark({ paths }: Context, id: string): string {
  return readIfPresent(containerPaths(paths, id).gone) ?? '';
}

/** Removes a mark; another command may have swept at the same moment. */
function removeMark({ paths }: Context, id: string): void {
  unlessMissing(() => unlinkSync(containerPaths(paths, id).gone));
}

function marksIn({ paths }: Context): string[] {
  return namesIn(paths.gone);
}
