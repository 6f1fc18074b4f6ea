import { Trash } from '../../storage/trash.ts';
import type { Context } from './context.ts';

/** Returns the place for this store's things that are deleted. */
export function trashOf(context: Context): Trash {
  return new Trash(context.paths.trash, context.helper);
}
