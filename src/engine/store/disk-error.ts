import { EngineError } from '../../errors.ts';

/** Says in words why something could not be written below `path`, of the store or its runtime root. What else is thrown stays as it is. */
export function diskError(cause: unknown, path: string): unknown {
  const { code, message, syscall } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return cause;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('unavailable', `no space left on device for ${path}`, {
      subject: path,
      cause,
      hint: 'free some space, or keep the store elsewhere with --root',
    });
  }
  return new EngineError('unavailable', `cannot write below ${path}: ${message}`, { subject: path, cause });
}
