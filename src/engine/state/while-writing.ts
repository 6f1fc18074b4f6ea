import { join } from 'node:path';
import { withLock } from '../../host/lock.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { beginWriting } from './writers.ts';

/**
 * Calls `body` while nobody else can start or remove a container that does not run, or write to its files. Undefined: it is
 * not idle any more. Throws `notFound` once it is removed.
 */
export async function whileWriting<T>(
  context: Context,
  row: Pick<ContainerRow, 'id' | 'name'>,
  body: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  return await withLock(context.helper, join(context.paths.locks, `files-${row.id}`), async () => {
    const end = beginWriting(context, row);
    if (end === undefined) return undefined;
    try {
      return { result: await body() };
    } finally {
      end();
    }
  });
}
