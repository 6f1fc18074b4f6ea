import { EngineError } from '../errors.ts';

/** The most bytes of a file that the command line names: it may be a device, or somebody else's, and have no end. */
export const MAX_FILE_BYTES = 8_000_000;

/** `invalid`: `what` says what the file is for. */
export function tooLong(what: string, path: string): EngineError {
  return new EngineError('invalid', `${what} ${path} is longer than ${MAX_FILE_BYTES / 1e6} MB`, {
    subject: path,
  });
}
