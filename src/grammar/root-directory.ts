import type { CreateOptions } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';
import { absoluteSource } from './mount-paths.ts';

const OVERLAY = /:O$/;

/** `DIR[:O]` in the place of an image, relative to the working directory. Throws `invalid` when there is none. */
export function parseRootDirectory(text: string): Pick<CreateOptions, 'image' | 'rootfs'> {
  const path = text.replace(OVERLAY, '');
  if (path === '') {
    throw new EngineError('invalid', '--rootfs needs a directory in the place of the image', {
      subject: '--rootfs',
      remedy: 'write skiff run --rootfs DIR COMMAND, or DIR:O for a layer above it',
    });
  }
  const directory = absoluteSource(path);
  if (!OVERLAY.test(text)) return { image: directory, rootfs: { directory } };
  return { image: `${directory}:O`, rootfs: { directory, overlay: true } };
}
