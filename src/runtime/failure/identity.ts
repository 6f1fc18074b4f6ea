import type { Failure, Words } from './words.ts';

const HINT_NUMBERS = 'names are looked up in the image; numbers always work';
const HINT_UNMAPPED = 'choose one that is in its id map: see --userns';

/** Becoming the user: the detail is what was asked for, an id that the user namespace does not map, or the file that names are in. */
export function explainUser({ user, code, reason, detail }: Failure): Partial<Words> {
  const name = user.replace(/:.*/s, '');
  if (isFile(detail)) return unreadable(`find user ${name}`, detail, reason);
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
export function explainGroup({ detail, code, reason }: Failure): Partial<Words> {
  if (isFile(detail)) return unreadable('find the group', detail, reason);
  if (code === 'EINVAL' && isId(detail)) return unmapped('group', detail);
  if (code !== 'ENOENT') return { message: `cannot join group "${detail}": ${reason}` };
  return {
    kind: 'notFound',
    message: `unable to find group ${detail}: no matching entries in group file`,
    hint: HINT_NUMBERS,
  };
}

const isFile = (detail: string): boolean => detail.startsWith('/');
const isId = (detail: string): boolean => /^\d+$/.test(detail);

function unmapped(what: 'user' | 'group', id: string): Partial<Words> {
  const message = `the user namespace of the container has no ${what} ${id}`;
  return { kind: 'invalid', message, hint: HINT_UNMAPPED };
}

function unreadable(wish: string, file: string, reason: string): Partial<Words> {
  const message = `unable to ${wish}: ${file} of the container cannot be read: ${reason}`;
  return { kind: 'invalid', message, hint: HINT_NUMBERS };
}
