import { cannotBeHonoured } from './refusals.ts';
import type { CgroupFiles } from './types.ts';

/**
 * Checks that BFQ schedules each of these devices, as `bfq.weight` files have weights for no others; the kernel refuses
 * them when the container starts. Throws `unsupported` for the first of them, with the line that changes its scheduler
 * as a hint.
 */
export function requireBfq(
  devices: readonly { major: number; minor: number }[],
  { read }: CgroupFiles,
): void {
  for (const { major, minor } of devices) {
    const file = `/sys/dev/block/${major}:${minor}/queue/scheduler`;
    const current = /\[([^\]]+)\]/.exec(read(file) ?? '')?.[1];
    if (current === undefined || current === 'bfq') continue;
    throw cannotBeHonoured(
      'weightDevice',
      `device ${major}:${minor} is scheduled by "${current}", which knows no weights`,
      `echo bfq > ${file}`,
    );
  }
}
