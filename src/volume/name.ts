import { EngineError } from '../errors.ts';
import { randomHex } from '../host/random.ts';

/** What Docker takes for the name of a volume; anything with a slash is a path of the host. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Bytes: of one name in a directory (NAME_MAX). */
const LONGEST = 255;

/** Throws `invalid` for a name that no volume can have, in Docker's words. */
export function checkVolumeName(name: string): void {
  if (name.length === 1 && /[a-zA-Z0-9]/.test(name)) {
    throw new EngineError(
      'invalid',
      'volume name is too short, names should be at least two alphanumeric characters',
      { subject: name },
    );
  }
  if (!NAME.test(name)) {
    throw new EngineError(
      'invalid',
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      { subject: name, hint: 'if you intended to pass a host directory, use absolute path' },
    );
  }
  if (name.length > LONGEST) {
    throw new EngineError(
      'invalid',
      `the volume name ${name.slice(0, 20)}… is longer than ${LONGEST} bytes`,
      {
        subject: name,
      },
    );
  }
}

/** A name for a volume that nobody names: 64 hex digits. */
export function anonymousName(): string {
  return randomHex(32);
}
