import { EngineError } from '../../errors.ts';
import { readFileOf } from '../../storage/archive/read-file.ts';
import type { Context } from '../store/context.ts';
import { layersTree, type Owner } from './tree.ts';

/** The largest id: 2^32 - 1 means "none" to the kernel. */
const ID_MAX = 2 ** 32 - 2;

/** The largest file of names that is read, in bytes. */
const LIMIT = 64 * 1024 * 1024;

/**
 * The ids that `--chown=USER[:GROUP]` means in a stage: names are looked up in its /etc/passwd and /etc/group; without a
 * group it is that of the user, for a number the same number. Throws `invalid` for a name that is not there.
 */
export async function resolveOwner(
  context: Context,
  chown: string,
  { layers, scratch }: { layers: readonly string[]; scratch: string },
): Promise<Owner> {
  const { user, group } = /^(?<user>[^:]*)(?::(?<group>.*))?$/s.exec(chown)?.groups ?? {};
  if (user === undefined || user === '' || group === '')
    throw new EngineError('invalid', `invalid chown "${chown}"`, {
      subject: chown,
      hint: 'write USER, USER:GROUP, or numbers',
    });
  const lines = (file: string) => linesOf(context, file, { layers, scratch });
  const { uid, gid } = await userOf(user, lines, chown);
  return { uid, gid: group === undefined ? gid : await groupOf(group, lines, chown) };
}

type Lines = (file: string) => Promise<string[][]>;

async function userOf(user: string, lines: Lines, chown: string): Promise<Owner> {
  const id = idOf(user);
  if (id !== undefined) return { uid: id, gid: id };
  for (const [name, , uid = '', gid = ''] of await lines('/etc/passwd')) {
    if (name === user) return { uid: requireId(uid, chown), gid: requireId(gid, chown) };
  }
  throw unknown('user', user, '/etc/passwd');
}

async function groupOf(group: string, lines: Lines, chown: string): Promise<number> {
  const id = idOf(group);
  if (id !== undefined) return id;
  for (const [name, , gid = ''] of await lines('/etc/group')) {
    if (name === group) return requireId(gid, chown);
  }
  throw unknown('group', group, '/etc/group');
}

/** The fields of a file of names; none when it is not there. */
async function linesOf(
  { helper }: Context,
  file: string,
  { layers, scratch }: { layers: readonly string[]; scratch: string },
): Promise<string[][]> {
  if (layers.length === 0) return [];
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of readFileOf(layersTree(layers, scratch), file, { helper })) {
      length += piece.length;
      if (length > LIMIT)
        throw new EngineError('invalid', `${file} is larger than ${LIMIT} bytes`, { subject: file });
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'notFound') return [];
    throw error;
  }
  const text = Buffer.concat(pieces).toString('utf8');
  return text.split('\n').map((line) => line.trim().split(':'));
}

/** Digits alone are an id, also when somebody has them for a name. */
function idOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? requireId(text, text) : undefined;
}

function requireId(text: string, chown: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && id <= ID_MAX) return id;
  throw new EngineError('invalid', `"${text}" is no id, in "${chown}"`, { subject: chown });
}

function unknown(what: 'user' | 'group', name: string, file: string): EngineError {
  return new EngineError('invalid', `there is no ${what} "${name}" in ${file} of this stage`, {
    subject: name,
    hint: `a RUN before can add it; a number needs no entry there`,
  });
}
