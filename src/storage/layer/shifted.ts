import { EngineError } from '../../errors.ts';
import { runProgram } from '../../host/run-program.ts';

/** `count` ids, from `inside` in the container and from `outside` on the host. */
export interface ShiftedRange {
  inside: number;
  outside: number;
  count: number;
}

/**
 * Copies a layer's tree to `to`, which must not exist, its owners shifted through the maps, and waits until it is on
 * disk. Throws `unavailable` with the helper's words, also for an owner that the maps do not have.
 */
export async function shiftLayer(
  helper: string,
  { from, to, maps }: { from: string; to: string; maps: { uids: ShiftedRange[]; gids: ShiftedRange[] } },
): Promise<void> {
  const words = [
    ...maps.uids.map((range) => word('u', range)),
    ...maps.gids.map((range) => word('g', range)),
  ];
  const { code, stderr } = await runProgram(helper, ['shift', from, to, ...words]);
  if (code !== 0) {
    throw new EngineError('unavailable', `cannot copy the layer ${from} with shifted owners: ${stderr}`, {
      subject: from,
    });
  }
}

function word(kind: 'u' | 'g', { inside, outside, count }: ShiftedRange): string {
  return `${kind}:${inside}:${outside}:${count}`;
}
