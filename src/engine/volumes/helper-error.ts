import { EngineError } from '../../errors.ts';
import type { HelperFailure } from '../../host/run-program.ts';
import { errnoName } from '../../runtime/failure/failure.ts';

/** Turns a step of the helper that failed on files of a volume into a message. */
export function helperError(what: string, { errno, detail }: HelperFailure): EngineError {
  const name = errnoName(errno);
  if (name === 'ENOSPC' || name === 'EDQUOT') {
    return new EngineError('unavailable', `${what}: no space left on device`, {
      subject: detail,
      hint: 'free some space, or keep the store elsewhere with --root',
    });
  }
  return new EngineError('unavailable', `${what}: ${detail}: ${name}`, { subject: detail });
}
