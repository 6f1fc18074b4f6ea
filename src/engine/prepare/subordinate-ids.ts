import { EngineError } from '../../errors.ts';
import { readText } from '../../host/read-text.ts';

/** Ids of the host that somebody may use for containers: `count` of them from `start`. */
export interface SubordinateRange {
  start: number;
  count: number;
}

export interface SubordinateIds {
  uids: SubordinateRange[];
  gids: SubordinateRange[];
}

/**
 * The users whose ids are taken, in this order: skiff's own, those that Podman and Docker keep for their engines,
 * root's.
 */
const USERS = ['skiff', 'containers', 'dockremap', 'root'];

const FILES = { uids: '/etc/subuid', gids: '/etc/subgid' } as const;

/** The number of ids in the entry that the hint proposes: room for sixteen containers. */
const PROPOSED_COUNT = 16 * 65_536;

/**
 * The subordinate ids (subuid(5), subgid(5)) of the first of `USERS` that has both kinds. Throws `unsupported` when
 * nobody has, with the lines to add as a hint.
 */
export function subordinateIds(read: (file: string) => string | undefined = readText): SubordinateIds {
  const uids = parseSubordinateIds(read(FILES.uids) ?? '');
  const gids = parseSubordinateIds(read(FILES.gids) ?? '');
  for (const user of USERS) {
    const [own, groups] = [uids.get(user), gids.get(user)];
    if (own !== undefined && groups !== undefined) return { uids: own, gids: groups };
  }
  throw new EngineError(
    'unsupported',
    `no subordinate ids for containers: neither ${USERS.join(', ')} has them in ${FILES.uids} and ${FILES.gids}`,
    { subject: FILES.uids, hint: hint([...uids.values(), ...gids.values()].flat()) },
  );
}

/** Lines of `user:start:count`; a user may have several. What is no such line is passed over, as shadow does. */
export function parseSubordinateIds(text: string): Map<string, SubordinateRange[]> {
  const users = new Map<string, SubordinateRange[]>();
  for (const line of text.split('\n')) {
    const [, user, start, count] = /^([^:#\s]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
    if (user === undefined) continue;
    users.set(user, [...(users.get(user) ?? []), { start: Number(start), count: Number(count) }]);
  }
  return users;
}

/** A line that collides with nobody's. */
function hint(taken: readonly SubordinateRange[]): string {
  const end = Math.max(100_000, ...taken.map(({ start, count }) => start + count));
  const start = Math.ceil(end / 65_536) * 65_536;
  return `add a line to both: echo skiff:${start}:${PROPOSED_COUNT} | tee -a ${FILES.uids} ${FILES.gids}`;
}
