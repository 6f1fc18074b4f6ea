import { callHelper } from '../../host/run-program.ts';
import type { Copied } from '../../storage/archive/answer.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import type { Context } from '../store/context.ts';
import { findVolume } from '../store/volumes.ts';
import { withContent } from './content.ts';
import { helperError } from './helper-error.ts';

/**
 * Writes what is in a volume as tar to a descriptor, with `./` as its root. Throws `notFound`, and as `withContent`.
 */
export async function exportVolume(context: Context, text: string, descriptor: number): Promise<void> {
  const row = findVolume(context.database, text);
  await withContent(context, row, async ({ root, path }) => {
    const words = ['archive', root, path, 'as=.'];
    const { failure } = await callHelper(context.helper, words, new Uint8Array(), descriptor);
    if (failure !== undefined) throw helperError(`cannot export the volume ${row.name}`, failure);
  });
}

/**
 * Makes in a volume what a tar archive holds, which may be compressed; what is there besides stays, and the volume's own
 * directory becomes what the archive says of `./`. Throws as `exportVolume`, and `invalid` for an archive that is malformed:
 * what came before is there then.
 */
export async function importVolume(
  context: Context,
  text: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Copied> {
  const row = findVolume(context.database, text);
  return await withContent(
    context,
    row,
    async (place) => await placeArchive(context.helper, { ...place, top: true }, source),
  );
}
