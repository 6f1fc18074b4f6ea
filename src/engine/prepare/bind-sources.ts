import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from '../../errors.ts';
import { unlessMissing } from '../../host/missing.ts';
import { statusOf } from '../../host/named-path.ts';
import type { BindMount, Propagation } from '../options/mounts.ts';

/**
 * Throws `invalid`, with Docker's words, for a source that is missing and is not to be made, and for an overlay on what is
 * no directory.
 */
export function checkSource({ source, createSource, overlay }: BindMount): void {
  const found = statusOf(source);
  if (overlay === true && found !== undefined && !found.isDirectory()) {
    throw new EngineError('invalid', `${source} is not a directory: only one can be under an overlay`, {
      subject: source,
      hint: 'leave O out, or name the directory that it is in',
    });
  }
  if (createSource === true || found !== undefined) return;
  throw new EngineError('invalid', `bind source path does not exist: ${source}`, {
    subject: source,
    hint: 'make it first; bind-create-src, and -v, make a directory of that name',
  });
}

/** Throws `invalid`, with Docker's words, for mounts that cannot be passed on: the host keeps those at the source to itself. */
export function checkPropagation(source: string, propagation: Propagation): void {
  const wanted = propagation.replace(/^r/, '');
  if (wanted === 'private') return;
  const { mountPoint, fields } = mountOf(realPath(source));
  const isShared = fields.includes('shared:');
  if (isShared || (wanted === 'slave' && fields.includes('master:'))) return;
  const what = wanted === 'slave' ? 'shared or slave' : 'shared';
  throw new EngineError(
    'invalid',
    `path ${source} is mounted on ${mountPoint} but it is not a ${what} mount`,
    {
      subject: source,
      hint: `mount --make-shared ${mountPoint}`,
    },
  );
}

/** A source that is made when the container starts is on the mount of what is there of its path. */
function realPath(path: string): string {
  for (let at = path; at !== '/'; at = dirname(at)) {
    const real = unlessMissing(() => realpathSync(at));
    if (real !== undefined) return real;
  }
  return '/';
}

/** The mount that a path of the host lies on, with its optional fields (proc_pid_mountinfo(5)); of several at one place the last. */
function mountOf(path: string): { mountPoint: string; fields: string } {
  let found = { mountPoint: '', fields: '' };
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')) {
    const [, , , , place = '', , ...rest] = line.split(' ');
    const mountPoint = place.replace(/\\([0-7]{3})/g, (_all, digits) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    const isAbove = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (!isAbove || mountPoint.length < found.mountPoint.length) continue;
    found = { mountPoint, fields: rest.slice(0, rest.indexOf('-')).join(' ') };
  }
  return found;
}
