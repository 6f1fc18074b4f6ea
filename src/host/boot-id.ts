import { readFileSync } from 'node:fs';

let known: string | undefined;

/** The kernel's id of this boot (random(4), boot_id): it changes with every boot. */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return known;
}
