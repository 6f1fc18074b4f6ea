import { EngineError } from '../../errors.ts';
import { callHelper } from '../../host/run-program.ts';
import type { Copied } from '../../storage/archive/answer.ts';
import { placeArchive } from '../../storage/archive/place.ts';
import { localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { findVolume, usersOf, type VolumeRow, volumeDirectory } from '../store/volumes.ts';
import { helperError } from './helper-error.ts';

/**
 * Writes what is in a volume as tar to a descriptor, with `./` as its root. Throws `notFound`, and `conflict` for one whose
 * file system is mounted only while containers need it.
 */
export async function exportVolume(context: Context, text: string, descriptor: number): Promise<void> {
  const row = findVolume(context.database, text);
  const words = ['archive', `dir:${contentOf(context, row)}`, '/', 'as=.'];
  const { failure } = await callHelper(context.helper, words, new Uint8Array(), descriptor);
  if (failure !== undefined) throw helperError(`cannot export the volume ${row.name}`, failure);
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
  const place = { root: `dir:${contentOf(context, row)}`, path: '/', top: true };
  return await placeArchive(context.helper, place, source);
}

/** Where the files of a volume are. */
function contentOf(context: Context, row: VolumeRow): string {
  const mounted = localMount(row.options);
  if (mounted?.kind === 'bind') return mounted.source;
  if (mounted !== undefined && usersOf(context.database, row.name).length === 0) throw notMounted(row);
  return volumeDirectory(context, row);
}

function notMounted({ name }: VolumeRow): EngineError {
  return new EngineError('conflict', `the file system of the volume ${name} is not mounted`, {
    subject: name,
    hint: 'it is while a container uses it that is up',
  });
}
