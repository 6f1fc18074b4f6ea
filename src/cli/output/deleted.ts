import type { Digest } from '../../oci/digest.ts';
import { print } from './print.ts';

/** Prints what a `prune` has removed, as Docker does: a title, a line for each, an empty line; nothing for nothing. */
export function printDeleted(title: string, lines: readonly string[]): void {
  if (lines.length > 0) print(`Deleted ${title}:\n${lines.map((line) => `${line}\n`).join('')}\n`);
}

/** The same of images, which lose their names first. */
export function printDeletedImages(removed: {
  untagged: readonly string[];
  deleted: readonly Digest[];
}): void {
  const { untagged, deleted } = removed;
  printDeleted('Images', [
    ...untagged.map((name) => `untagged: ${name}`),
    ...deleted.map((id) => `deleted: ${id}`),
  ]);
}
