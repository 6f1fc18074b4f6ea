import { EngineError } from '../../errors.ts';
import type { Context } from '../store/context.ts';
import { decideStorageDriver, reasonForCopies } from '../store/storage-driver.ts';

/** Throws `unsupported`, with what cannot be, in a store in which no overlay is mounted. */
export async function requireOverlay(context: Context, cannot: string): Promise<void> {
  if ((await decideStorageDriver(context)) === 'overlay') return;
  const { root } = context.paths;
  throw new EngineError('unsupported', `${cannot}: the storage driver of ${root} is copy`, {
    subject: root,
    hint: `that takes overlay (${reasonForCopies(context)}); a store on a volume or a tmpfs has it: --root DIR`,
  });
}
