import type { CreateOptions } from '../options/create.ts';
import { type ContainerRow, currentRow, recordOptions } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Changes what a container was made with, as it is now and not as it was found. Call it in a transaction. Returns the new
 * options; throws `notFound` when it was removed meanwhile.
 */
export function saveChanged(
  { database }: Context,
  row: ContainerRow,
  change: (options: CreateOptions) => CreateOptions,
): CreateOptions {
  const options = change(currentRow(database, row).options);
  recordOptions(database, row.id, options);
  return options;
}
