import type { Digest } from '../../oci/digest.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { inWorkspace } from '../store/workspace.ts';
import { dropBlob, stateOfBlob } from './blobs.ts';
import { type Fault, wrong } from './fault.ts';

/** A blob whose text a row has, too: it is written again. `what` says what it is. */
export function textFaults(
  context: Context,
  damaged: ReadonlySet<string>,
  { name, digest, text, what }: { name: string; digest: Digest; text: string; what: string },
): Fault[] {
  const state = stateOfBlob(context, { digest, size: Buffer.byteLength(text) }, damaged);
  if (state === 'there') return [];
  const mend = async () => {
    if (state === 'damaged') await dropBlob(context, digest);
    await inWorkspace(context, async ({ blobs }) => {
      using _lease = takeLease(context.database, [digest]);
      await blobs.put(Buffer.from(text));
    });
  };
  return [wrong(name, `${what} is ${state}`, { mend })];
}
