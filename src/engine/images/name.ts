import { EngineError } from '../../errors.ts';
import { familiarReference, formatReference, parseReference } from '../../image/reference.ts';
import { appendImageEvent } from '../events/image.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';

/** The name that an image is to have. */
export interface ImageName {
  /** Canonical, as the store keeps it. */
  stored: string;
  /** As people write it. */
  familiar: string;
}

/**
 * Reads `REPOSITORY[:TAG]`, `latest` when it has no tag; undefined when there is none, which "" says, too. Throws `invalid`,
 * also for a digest: nobody can choose that.
 */
export function imageNameOf(text = ''): ImageName | undefined {
  if (text === '') return undefined;
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new EngineError('invalid', `an image cannot be named by a digest: ${text}`, {
      subject: text,
      hint: 'give it a name and a tag',
    });
  }
  return { stored: formatReference(reference), familiar: familiarReference(reference) };
}

/** Notes in the journal that an image has a name from now on, if it has. */
export function noteTag(context: Context, { id, config }: ImageRow, name: ImageName | undefined): void {
  if (name !== undefined) appendImageEvent(context, 'tag', { id, name: name.familiar, config });
}
