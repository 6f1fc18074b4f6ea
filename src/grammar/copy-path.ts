import type { CopySide } from '../engine/archives/copy.ts';

/**
 * Reads one side of `cp`, as Docker does: `CONTAINER:PATH`, unless what stands before the first colon begins like a path
 * (`/a:b`, `./a:b`); anything else is a path of the host.
 */
export function parseCopySide(text: string): CopySide {
  const colon = text.indexOf(':');
  if (colon < 0 || text.startsWith('/') || text.startsWith('.')) return { path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) };
}
