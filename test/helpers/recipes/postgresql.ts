import { bootstrap } from './debian.ts';
import type { Recipe } from './recipe.ts';

/** Makes an image of one layer: a minimal Debian with its PostgreSQL, and the empty cluster that its package makes. */
export function postgresql(): Recipe {
  return bootstrap(['postgresql']);
}
