import type { Failure, Words } from './words.ts';

const HINT_NUMBERS = 'names are looked up in the image; numbers always work';
const HINT_UNMAPPED = 'choose one that is in its id map: see --userns';

/**
 * Becoming the user: the detail is what was asked for, an id that the user namespace does not map, or the file of names
 * that cannot be read, a blank and what was asked for.
 */
export function explainUser(failure: Failure): Partial<Words> {
  const { user, code, reason, detail } = failure;
  const unread = unreadable('user', failure);
  if (unread !== undefined) return unread;
  const name = user.replace(/:.*/s, '');
  switch (code) {
    case 'ENOENT':
      return {
        kind: 'notFound',
        message: `unable to find user ${name}: no matching entries in passwd file`,
        hint: HINT_NUMBERS,
      };
    case 'EINVAL':
    case 'ERANGE':
      if (isId(detail)) return unmapped('user', detail);
      return {
        kind: 'invalid',
        message: `"${user}" is not a user`,
        hint: 'write name or uid, with :group if need be',
      };
    default:
      return { message: `cannot become user "${user}": ${reason}` };
  }
}

/** Joining groups: the detail as for users. */
export function explainGroup(failure: Failure): Partial<Words> {
  const { detail, code, reason } = failure;
  const unread = unreadable('group', failure);
  if (unread !== undefined) return unread;
  if (code === 'EINVAL' && isId(detail)) return unmapped('group', detail);
  if (code !== 'ENOENT') return { message: `cannot join group "${detail}": ${reason}` };
  return {
    kind: 'notFound',
    message: `unable to find group ${detail}: no matching entries in group file`,
    hint: HINT_NUMBERS,
  };
}

const isId = (detail: string): boolean => /^\d+$/.test(detail);

function unmapped(what: 'user' | 'group', id: string): Partial<Words> {
  const message = `the user namespace of the container has no ${what} ${id}`;
  return { kind: 'invalid', message, hint: HINT_UNMAPPED };
}

/** A name that is not listed (ENOENT) may look like anything. */
function unreadable(what: 'user' | 'group', { code, detail, reason }: Failure): Partial<Words> | undefined {
  const [, file, name] = /^(\/etc\/(?:passwd|group)) (.*)$/s.exec(detail) ?? [];
  if (file === undefined || code === 'ENOENT') return undefined;
  const message = `unable to find ${what} ${name}: ${file} of the container cannot be read: ${reason}`;
  return { kind: 'invalid', message, hint: HINT_NUMBERS };
}
