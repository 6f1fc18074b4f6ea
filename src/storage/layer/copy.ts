import { EngineError } from '../../errors.ts';
import { runProgram } from '../../host/run-program.ts';

/** `count` ids, from `inside` in the container and from `outside` on the host. */
export interface ShiftedRange {
  inside: number;
  outside: number;
  count: number;
}

/** How the tree of a layer is copied. */
export interface LayerCopy {
  from: string;
  /** Must not exist. */
  to: string;
  /** Owners are shifted through them; absent: they stay. */
  maps?: { uids: ShiftedRange[]; gids: ShiftedRange[] } | undefined;
  /**
   * `link`: the copy is of a layer, too: its files are more names of the same, where the file system can. Else they share
   * blocks where it can.
   */
  link?: boolean | undefined;
  /** Waits until all of it is on the disk. */
  sync?: boolean | undefined;
}

/** Copies a layer's tree. Throws `unavailable` with the helper's words, also for an owner that the maps do not have. */
export async function copyLayer(helper: string, { from, to, maps, link, sync }: LayerCopy): Promise<void> {
  const words = [
    ...(link === true ? ['link'] : []),
    ...(sync === true ? ['sync'] : []),
    ...(maps?.uids ?? []).map((range) => word('u', range)),
    ...(maps?.gids ?? []).map((range) => word('g', range)),
  ];
  const { code, stderr } = await runProgram(helper, ['shift', from, to, ...words]);
  if (code === 0) return;
  const how = maps === undefined ? '' : ' with shifted owners';
  throw new EngineError('unavailable', `cannot copy the layer ${from}${how}: ${stderr}`, { subject: from });
}

function word(kind: 'u' | 'g', { inside, outside, count }: ShiftedRange): string {
  return `${kind}:${inside}:${outside}:${count}`;
}
