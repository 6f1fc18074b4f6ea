import { EngineError } from '../../errors.ts';
import type { Context } from '../store/context.ts';
import { findImage, giveName } from '../store/images.ts';
import { dropUnnamedIndexes } from '../store/indexes.ts';
import { imageNameOf, noteTag } from './name.ts';

/**
 * Gives an image one more name, which leads to no other image from then on. `source` names it in any way; the new name
 * leads to the manifest that the source's does. Throws `notFound`, and `invalid` for a name that cannot be.
 */
export function tagImage(context: Context, source: string, target: string): void {
  const name = imageNameOf(target);
  if (name === undefined) throw new EngineError('invalid', 'the new name of the image is empty');
  const image = context.database.transaction(() => {
    const found = findImage(context.database, source);
    giveName(context.database, found, name.stored);
    dropUnnamedIndexes(context.database);
    return found.image;
  });
  noteTag(context, image, name);
}
