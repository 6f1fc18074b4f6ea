import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import type { IdMaps, IdRange } from '../options/create.ts';
import { containerPaths } from '../store/container-paths.ts';
import { ownerMapsOfAll } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type SubordinateIds, type SubordinateRange, subordinateIds } from './subordinate-ids.ts';

/** The number of ids of a container with a range of its own: those that images use. */
export const AUTO_COUNT = 65_536;

/** 2^32 - 1 is no id: system calls take it for "leave as it is". */
const ID_LIMIT = 2 ** 32 - 1;

/** UID_GID_MAP_MAX_EXTENTS of the kernel (user_namespaces(7)). */
const RANGES_MAX = 340;

/**
 * Refuses maps that cannot be (`invalid`): none or too many ranges, ids that are none, overlaps, a container without
 * root; and host ids that this process itself does not have (`denied`), as inside of a user namespace.
 */
export function checkIdMaps({ uids, gids }: IdMaps, own: IdMaps = ownIds()): void {
  checkRanges(uids, 'user', own.uids);
  checkRanges(gids, 'group', own.gids);
}

/** A free range for one container: of the host's subordinate ids, and none that another container holds. */
export function freeIdMaps(context: Context): IdMaps {
  return chooseFree(subordinateIds(), heldMaps(context));
}

/** Whether nobody holds ids of these maps. Ask in the transaction that inserts the row. */
export function areFree(database: Database, maps: IdMaps): boolean {
  return !ownerMapsOfAll(database).some(
    ({ maps: held }) => overlapsOutside(held.uids, maps.uids) || overlapsOutside(held.gids, maps.gids),
  );
}

/** The host's id of a container's root: what owns the engine's files in it. */
export function rootOwner({ uids, gids }: IdMaps): { uid: number; gid: number } {
  return { uid: outsideOf(0, uids) ?? 0, gid: outsideOf(0, gids) ?? 0 };
}

/** The host's id of one inside; undefined when the maps do not have it. */
export function outsideOf(id: number, ranges: readonly IdRange[]): number | undefined {
  const range = ranges.find(({ inside, count }) => id >= inside && id < inside + count);
  return range && range.outside + id - range.inside;
}

/** The lowest free place of each kind. Throws `unavailable` when all are held. */
export function chooseFree(ids: SubordinateIds, held: readonly IdMaps[]): IdMaps {
  const choose = (kind: 'uids' | 'gids'): IdRange[] => {
    const taken = held.flatMap((maps) => maps[kind]);
    const outside = lowestFree(ids[kind], taken);
    if (outside === undefined) throw noneFree(held.length);
    return [{ inside: 0, outside, count: AUTO_COUNT }];
  };
  return { uids: choose('uids'), gids: choose('gids') };
}

function lowestFree(offered: readonly SubordinateRange[], taken: readonly IdRange[]): number | undefined {
  for (const { start, count } of offered) {
    let candidate = start;
    while (candidate + AUTO_COUNT <= start + count) {
      const wanted = { outside: candidate, count: AUTO_COUNT };
      const obstacle = taken.find((range) => overlap(range, wanted));
      if (obstacle === undefined) return candidate;
      candidate = obstacle.outside + obstacle.count;
    }
  }
  return undefined;
}

function noneFree(containers: number): EngineError {
  return new EngineError(
    'unavailable',
    `no free range of ${AUTO_COUNT} subordinate ids: ${containers} containers hold the others`,
    { hint: 'remove containers with --userns auto, or give more ids in /etc/subuid and /etc/subgid' },
  );
}

/**
 * Returns the id maps that containers hold. Those of `--rm` containers that are gone are free, though their rows are
 * still there.
 */
function heldMaps({ database, paths }: Context): IdMaps[] {
  return ownerMapsOfAll(database)
    .filter(({ id }) => !existsSync(containerPaths(paths, id).gone))
    .map(({ maps }) => maps);
}

function overlapsOutside(held: readonly IdRange[], wanted: readonly IdRange[]): boolean {
  return held.some((one) => wanted.some((other) => overlap(one, other)));
}

function overlap(
  one: Pick<IdRange, 'outside' | 'count'>,
  other: Pick<IdRange, 'outside' | 'count'>,
): boolean {
  return one.outside < other.outside + other.count && other.outside < one.outside + one.count;
}

function checkRanges(ranges: readonly IdRange[], kind: 'user' | 'group', own: readonly IdRange[]): void {
  if (ranges.length === 0 || ranges.length > RANGES_MAX) {
    throw new EngineError('invalid', `a map of ${kind} ids has between 1 and ${RANGES_MAX} ranges`);
  }
  for (const [index, range] of ranges.entries()) {
    checkRange(range, kind);
    for (const other of ranges.slice(index + 1)) {
      const swapped = { outside: range.inside, count: range.count };
      const inside = overlap(swapped, { outside: other.inside, count: other.count });
      if (!inside && !overlap(range, other)) continue;
      const where = inside ? 'in the container' : 'on the host';
      throw new EngineError(
        'invalid',
        `the ${kind} id maps ${show(range)} and ${show(other)} overlap ${where}`,
      );
    }
    if (!isWithin(range, own)) throw notOurs(range, kind);
  }
  if (outsideOf(0, ranges) === undefined) {
    throw new EngineError('invalid', `the ${kind} id maps leave out id 0, the container's root`, {
      hint: `add a range that begins with 0, as in 0:${ranges[0]?.outside ?? 100_000}:${AUTO_COUNT}`,
    });
  }
}

function checkRange(range: IdRange, kind: string): void {
  const { inside, outside, count } = range;
  const isId = (id: number) => Number.isSafeInteger(id) && id >= 0;
  const fits = isId(inside) && isId(outside) && Number.isSafeInteger(count) && count > 0;
  if (fits && inside + count <= ID_LIMIT && outside + count <= ID_LIMIT) return;
  throw new EngineError('invalid', `the ${kind} id map ${show(range)} goes beyond what an id can be`, {
    hint: `ids are from 0 to ${ID_LIMIT - 1}, and a range has at least one`,
  });
}

function show({ inside, outside, count }: IdRange): string {
  return `${inside}:${outside}:${count}`;
}

function notOurs(range: IdRange, kind: string): EngineError {
  return new EngineError(
    'denied',
    `the ${kind} id map ${show(range)} names ids that skiff itself does not have`,
    {
      hint: `skiff runs in a user namespace: /proc/self/${kind === 'user' ? 'uid' : 'gid'}_map shows its ids`,
    },
  );
}

/** Whether each id of the range is one of ours; neighbouring ranges of ours count as one. */
function isWithin({ outside, count }: IdRange, own: readonly IdRange[]): boolean {
  let next = outside;
  while (next < outside + count) {
    const holder = own.find((range) => next >= range.inside && next < range.inside + range.count);
    if (holder === undefined) return false;
    next = holder.inside + holder.count;
  }
  return true;
}

/** Returns the ids that this process has itself: all of them outside of user namespaces. */
function ownIds(): IdMaps {
  return { uids: readMap('/proc/self/uid_map'), gids: readMap('/proc/self/gid_map') };
}

/** Lines of three numbers (user_namespaces(7)). */
function readMap(file: string): IdRange[] {
  const lines = readFileSync(file, 'latin1').trim().split('\n');
  return lines.map((line) => {
    const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    return { inside, outside, count };
  });
}
