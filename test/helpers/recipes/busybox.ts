import { addBusybox, LayerTree } from '../layer-tree.ts';
import type { Recipe } from './recipe.ts';

/** Makes an image of one layer: Debian's static busybox with links for its applets. */
export function busybox(): Recipe {
  const tree = new LayerTree();
  addBusybox(tree);
  return { layers: [tree.archive()], config: { Cmd: ['sh'], Env: ['PATH=/bin'] } };
}
