import { EngineError } from '../../errors.ts';
import type { FileOptions } from '../../runtime/options.ts';

/** Throws `invalid` for places in memory to write to where all is writable anyway. */
export function checkReadOnly({ readOnly, readOnlyTmpfs }: FileOptions): void {
  if (readOnlyTmpfs !== true || readOnly === true) return;
  throw new EngineError('invalid', 'only a read-only root file system needs places in memory to write to', {
    hint: 'say --read-only with --read-only-tmpfs, or --tmpfs /tmp',
  });
}
