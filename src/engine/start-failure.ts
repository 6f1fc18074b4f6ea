import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ExplainedFailure, explainFailure, type FailureRecord } from '../runtime/failure.ts';
import { type ContainerRow, deleteContainer, recordStartFailure } from './container-store.ts';
import type { Context } from './context.ts';

/**
 * Says why a start failed and keeps it: the container stays, created but never started, unless it was to be removed
 * at its end, which this is.
 */
export function noteStartFailure(
  context: Context,
  row: ContainerRow,
  record: FailureRecord,
): ExplainedFailure {
  const explained = explainFailure(record, { command: row.argv[0], user: row.options.process.user });
  const { database, paths } = context;
  const { kind, message, hint } = explained.error;
  if (row.autoRemove && !existsSync(join(paths.containers, row.id))) deleteContainer(database, row.id);
  else recordStartFailure(database, row.id, { message, exitCode: explained.exitCode, kind, hint });
  return explained;
}
