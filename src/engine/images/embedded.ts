import { buffer } from 'node:stream/consumers';
import { assetBytes } from '../../host/assets.ts';
import { composeImage, type Image } from '../../image/image.ts';
import { hostPlatform } from '../../image/platform.ts';
import { MediaType } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import { tarArchive } from '../../storage/tar/archive.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, imageByName } from '../store/images.ts';
import { inWorkspace } from '../store/workspace.ts';
import { intake } from './intake.ts';

/** The one image that every skiff carries: it needs no registry. */
export const EMBEDDED = 'hello';
const NAME = 'localhost/hello:latest';

/** The image inside this program with its one layer, and the same image of the store where it is there already. */
export interface EmbeddedImage {
  name: string;
  image: Image;
  layer: Uint8Array;
  present: FoundImage | undefined;
}

/** Finds the embedded image when `text` names it; undefined otherwise. */
export async function findEmbedded({ database }: Context, text: string): Promise<EmbeddedImage | undefined> {
  if (text !== EMBEDDED) return undefined;
  const program = assetBytes('hello');
  const file = { name: EMBEDDED, mode: 0o755, size: program.length, content: () => [program] };
  const layer = await buffer(tarArchive([file]));
  const image = imageOf(layer);
  const row = imageByName(database, NAME);
  const present = row?.id === image.config.digest ? { image: row, name: NAME } : undefined;
  return { name: NAME, image, layer, present };
}

/**
 * Makes the embedded image an image of the store like any other, when `text` names it: undefined otherwise. One that is
 * there already, from this very skiff, stays.
 */
export async function importEmbedded(context: Context, text: string): Promise<FoundImage | undefined> {
  const embedded = await findEmbedded(context, text);
  if (embedded === undefined || embedded.present !== undefined) return embedded?.present;
  const { name, image, layer } = embedded;
  return await inWorkspace(context, async (workspace) => {
    const taken = await intake(context, workspace, image, { names: [name], open: () => once(layer) });
    return { image: taken.image, name };
  });
}

function imageOf(layer: Uint8Array): Image {
  const created = '2026-01-01T00:00:00Z';
  const digest = digestOf(layer);
  return composeImage({
    config: {
      created,
      ...hostPlatform(),
      config: { Cmd: ['/hello'], Env: ['PATH=/'] },
      history: [{ created, created_by: 'skiff' }],
    },
    layers: [{ descriptor: { mediaType: MediaType.ociLayer, digest, size: layer.length }, diffID: digest }],
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
