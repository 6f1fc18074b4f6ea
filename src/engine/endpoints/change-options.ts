import type { CreateOptions } from '../options/create.ts';
import { type ContainerRow, containerById, noSuchContainer, recordOptions } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Changes what a container was made with, as it is now and not as it was found. Call it in a transaction. Returns the new
 * options; throws `notFound` when it was removed meanwhile.
 */
export function saveChanged(
  { database }: Context,
  { id, name }: ContainerRow,
  change: (options: CreateOptions) => CreateOptions,
): CreateOptions {
  const current = containerById(database, id);
  if (current === undefined) throw noSuchContainer(database, name);
  const options = change(current.options);
  recordOptions(database, id, options);
  return options;
}
