import { bootstrap } from './debian.ts';
import type { Recipe } from './recipe.ts';

/** Makes an image of one layer: a minimal Debian with what C, Python and Node projects are built and run with. */
export function toolchains(): Recipe {
  return bootstrap(['gcc', 'libc6-dev', 'make', 'python3', 'nodejs']);
}
