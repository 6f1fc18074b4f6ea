import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { digestOf, hexOf } from '../oci/digest.ts';
import { assetBytes, helperDigest } from './assets.ts';

const EXECUTABLE = 'skiff-helper';

/**
 * The path of the native helper, which travels inside the executable and is written below `directory` on first use:
 * `<directory>/<sha256>/skiff-helper`, in a directory that only root can enter. A later call costs two stats and an access.
 * Throws `denied` without root rights, `unavailable` when it cannot be written or executed.
 */
export function installHelper(directory: string): string {
  const digest = helperDigest();
  const home = join(directory, digest);
  const file = join(home, EXECUTABLE);
  if (!isIntact(home, file)) write(home, file, digest);
  requireExecutable(file, directory);
  return file;
}

function isIntact(home: string, file: string): boolean {
  const inside = statSync(home, { throwIfNoEntry: false });
  const helper = statSync(file, { throwIfNoEntry: false });
  if (inside === undefined || helper === undefined) return false;
  return (
    inside.uid === 0 && (inside.mode & 0o077) === 0 && helper.uid === 0 && (helper.mode & 0o777) === 0o555
  );
}

function write(home: string, file: string, digest: string): void {
  const bytes = assetBytes('helper');
  if (hexOf(digestOf(bytes)) !== digest) {
    throw new EngineError('internal', 'the helper inside this executable is damaged', {
      hint: 'install skiff anew',
    });
  }
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
    writeFileSync(draft, bytes, { mode: 0o500, flush: true });
    // By others, too: a container's reaper executes it as the container's user. Nobody else gets into the directory.
    chmodSync(draft, 0o555);
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new EngineError('unavailable', `cannot write the helper to ${file}: ${(cause as Error).message}`, {
      subject: file,
      cause,
    });
  }
}

/** access(2) says no on a file system mounted noexec, whatever the mode; a store may come to lie on one at any time. */
function requireExecutable(file: string, directory: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch (cause) {
    throw new EngineError(
      'unavailable',
      `nothing can be executed below ${directory}: its file system is mounted noexec`,
      {
        subject: directory,
        cause,
        hint: 'mount it with exec (docker run --tmpfs /var/lib/skiff:exec), or keep the store elsewhere with --root',
      },
    );
  }
}
