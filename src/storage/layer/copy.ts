import { constants } from 'node:os';
import { EngineError } from '../../errors.ts';
import { callHelper, type HelperFailure } from '../../host/run-program.ts';
import { printable } from '../tar/entry.ts';

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

/** Copies a layer's tree. Throws `unavailable` with the path that failed, also for an owner that the maps do not have. */
export async function copyLayer(helper: string, { from, to, maps, link, sync }: LayerCopy): Promise<void> {
  const words = [
    ...(link === true ? ['link'] : []),
    ...(sync === true ? ['sync'] : []),
    ...(maps?.uids ?? []).map((range) => word('u', range)),
    ...(maps?.gids ?? []).map((range) => word('g', range)),
  ];
  const { failure } = await callHelper(helper, ['shift', from, to, ...words]);
  if (failure !== undefined) throw copyFailed(from, failure);
}

const { errno } = constants;

function copyFailed(from: string, { errno: code, detail }: HelperFailure): EngineError {
  const name = printable(detail);
  if (code === errno.ENOSPC || code === errno.EDQUOT) {
    return new EngineError('unavailable', `no space left on device for a copy of the layer ${from}`, {
      subject: from,
      hint: 'free some space where the store lies, or choose another place with --root',
    });
  }
  const reason = code === errno.EOVERFLOW ? 'the id maps do not have its owner' : systemErrorName(code);
  return new EngineError('unavailable', `cannot copy "${name}" of the layer ${from}: ${reason}`, {
    subject: from,
  });
}

function systemErrorName(code: number): string {
  return process.getBuiltinModule('node:util').getSystemErrorName(-code);
}

function word(kind: 'u' | 'g', { inside, outside, count }: ShiftedRange): string {
  return `${kind}:${inside}:${outside}:${count}`;
}
