import { EngineError } from '../../errors.ts';
import { wordsFor } from './stages.ts';
import type { FailureRecord } from './words.ts';

export type { FailureRecord };

export interface FailureContext {
  /** argv[0] of the container, as it was given. */
  command?: string | undefined;
  /** The user it was to run as, as it was given. */
  user?: string | undefined;
}

/** `exitCode` is that of `run`: 126 and 127 blame the command, 125 the engine. */
export interface ExplainedFailure {
  error: EngineError;
  exitCode: 125 | 126 | 127;
}

/**
 * Turns the helper's record into an error with the user's words and the exit code of `run`. Total: a stage that is not
 * known here is named as it is.
 */
export function explainFailure(record: FailureRecord, context: FailureContext = {}): ExplainedFailure {
  const code = errnoName(record.errno);
  const { kind, message, hint, exitCode } = wordsFor({
    ...record,
    code,
    reason: REASONS[code] ?? code,
    command: context.command ?? record.detail,
    user: context.user || record.detail,
  });
  const cause = Object.assign(new Error(`${record.stage} ${record.detail}: ${code}`), { code });
  return {
    error: new EngineError(kind, message, { hint, subject: record.detail, cause }),
    exitCode: exitCode ?? 125,
  };
}

/** `ENOENT` for 2; a number that has no name is written as `errno 999`. */
export function errnoName(errno: number): string {
  // Loaded on first use: `ps` comes by here, and rarely has a failure to explain.
  const { constants } = process.getBuiltinModule('node:os');
  const names = Object.entries(constants.errno).filter(([, number]) => number === errno);
  return names.find(([name]) => !ALIASES.has(name))?.[0] ?? `errno ${errno}`;
}

/** Second names of EAGAIN and EOPNOTSUPP. */
const ALIASES = new Set(['EWOULDBLOCK', 'ENOTSUP']);

const REASONS: Readonly<Record<string, string>> = {
  E2BIG: 'argument list too long',
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available',
  EAFNOSUPPORT: 'address family not supported',
  EBUSY: 'device or resource busy',
  ECANCELED: 'cancelled',
  EEXIST: 'it is there already',
  EDQUOT: 'disk quota exceeded',
  EFAULT: 'bad address',
  EFBIG: 'file too large',
  EHOSTUNREACH: 'no route to host',
  EINVAL: 'invalid argument',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  EMSGSIZE: 'message too long',
  ENETUNREACH: 'network is unreachable',
  ENODEV: 'not known to this kernel',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
  ENOMEM: 'cannot allocate memory',
  ENOSPC: 'no space left on device',
  ENOSYS: 'not implemented by this kernel',
  ENOTDIR: 'not a directory',
  ENXIO: 'no such device',
  EOPNOTSUPP: 'not supported',
  EPERM: 'operation not permitted',
  ERANGE: 'out of range',
  EPROTONOSUPPORT: 'protocol not supported',
  EROFS: 'read-only file system',
  ESRCH: 'no such process',
  ETXTBSY: 'text file busy',
};
