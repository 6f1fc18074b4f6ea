import { readFileSync } from 'node:fs';

let known: string | undefined;

/** What the kernel calls the time since it was started (random(4), boot_id): no two are alike. */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return known;
}
