import { EngineError } from '../../errors.ts';
import type { CreateOptions, RootDirectory } from './create.ts';

/**
 * Refuses what does not go with a directory as the root file system: it is what it is, nothing is chosen or fetched, and
 * without a layer above it nothing that is written is kept apart. Throws `invalid`.
 */
export function checkRootDirectory(
  { directory, overlay }: RootDirectory,
  { platform, files, snapshotOnStart }: Pick<CreateOptions, 'platform' | 'files' | 'snapshotOnStart'>,
): void {
  if (!directory.startsWith('/')) {
    throw new EngineError('invalid', `the root file system must be an absolute path: ${directory}`, {
      subject: directory,
      hint: `write /${directory}`,
    });
  }
  if (platform !== undefined) {
    throw new EngineError(
      'invalid',
      'a platform and a directory as the root file system contradict each other',
      {
        subject: directory,
        hint: 'leave --platform or --rootfs out: no image is chosen',
      },
    );
  }
  if (overlay === true) return;
  if (files.storageSize !== undefined)
    throw writesIntoIt(directory, 'the size of its files cannot be limited');
  if (snapshotOnStart !== undefined) throw writesIntoIt(directory, 'there are no snapshots of it');
}

function writesIntoIt(directory: string, consequence: string): EngineError {
  return new EngineError('invalid', `the container writes into ${directory} itself: ${consequence}`, {
    subject: directory,
    hint: `write into a layer above it: --rootfs ${directory}:O`,
  });
}
