import { constants } from 'node:os';
import { EngineError, type ErrorKind } from '../../errors.ts';
import { printable } from '../tar/entry.ts';

const { errno } = constants;

/** One step of a verb of archives that failed: its error record. */
export interface VerbFailure {
  stage: string;
  errno: number;
  /** Bytes as characters (latin1). */
  detail: string;
}

const KINDS = new Map<number, ErrorKind>([
  [errno.ENOENT, 'notFound'],
  [errno.EACCES, 'denied'],
  [errno.EPERM, 'denied'],
  [errno.EROFS, 'denied'],
  [errno.EOPNOTSUPP, 'unsupported'],
  [errno.EISDIR, 'conflict'],
  [errno.ENOTDIR, 'conflict'],
  [errno.EBUSY, 'conflict'],
  [errno.ESTALE, 'conflict'],
  [errno.ESRCH, 'conflict'],
  [errno.ECANCELED, 'cancelled'],
  [errno.EOVERFLOW, 'invalid'],
  [errno.ELOOP, 'invalid'],
  [errno.EXDEV, 'invalid'],
  [errno.ENAMETOOLONG, 'invalid'],
  [errno.EBADMSG, 'invalid'],
]);

/** What is said of a step that failed while files were copied. Where Docker has words for it they are Docker's. */
export function copyError({ stage, errno: code, detail }: VerbFailure): EngineError {
  const name = printable(detail);
  const { message, hint } = wordsOf(stage, code, name);
  return new EngineError(KINDS.get(code) ?? 'unavailable', message, { subject: name, hint });
}

function wordsOf(stage: string, code: number, name: string): { message: string; hint?: string } {
  const isEntry = stage === 'copy-entry' || stage === 'place';
  switch (code) {
    case errno.EISDIR:
      return { message: `cannot overwrite directory "${name}" with non-directory` };
    case errno.ENOTDIR:
      if (isEntry) return { message: `cannot overwrite non-directory "${name}" with directory` };
      return { message: `not a directory: ${name}` };
    case errno.ESRCH:
      return { message: 'the container has ended meanwhile', hint: 'try again' };
    case errno.ECANCELED:
      return { message: 'cancelled: what was copied before is there' };
    case errno.ENOSPC:
      return { message: `no space left on device for "${name}"` };
    case errno.EDQUOT:
      return { message: `disk quota exceeded by "${name}"` };
    case errno.EROFS:
      return { message: `"${name}" cannot be written: its file system is read-only` };
    case errno.EBUSY:
      return { message: `cannot overwrite "${name}": something is mounted there` };
    case errno.ESTALE:
      return { message: `"${name}" was changed by somebody else while it was written`, hint: 'try again' };
    case errno.EOVERFLOW:
      return {
        message: `"${name}" belongs to somebody who does not exist in the container`,
        hint: 'the container has id maps: copy what has owners among those',
      };
    case errno.EXDEV:
      return {
        message: `a link leads out of the directory on the way to "${name}"`,
        hint: 'an archive that is written to / may go through any link of the container',
      };
    case errno.ENAMETOOLONG:
      return { message: `the path is too long: "${name}"` };
    case errno.ELOOP:
      if (stage === 'source')
        return { message: `"${name}" was changed by somebody else while it was read`, hint: 'try again' };
      if (isEntry) return { message: `cannot copy a directory into itself: "${name}"` };
      return { message: `too many links on the way to ${name}` };
    case errno.ENOENT:
      if (stage === 'place')
        return { message: `entry "${name}" is a hard link to something that is not there` };
      if (stage === 'copy-to')
        return { message: `no such directory: ${name}`, hint: 'make it first: only what is copied is made' };
      return { message: `no such file or directory: ${name}` };
    case errno.EACCES:
      return { message: `cannot ${VERBS[stage] ?? stage} "${name}": permission denied` };
    default:
      return { message: `cannot ${VERBS[stage] ?? stage} "${name}": ${nameOf(code)}` };
  }
}

const VERBS: Readonly<Record<string, string>> = {
  look: 'look at',
  copy: 'open',
  'copy-to': 'open',
  'copy-entry': 'copy',
  source: 'read',
  place: 'make',
  exchange: 'exchange',
  archive: 'read',
  'archive-root': 'open',
};

function nameOf(code: number): string {
  return Object.entries(errno).find(([, value]) => value === code)?.[0] ?? `error ${code}`;
}
