import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { copyLayer, type LayerCopy } from '../../storage/layer/copy.ts';
import type { Context } from './context.ts';
import { inWorkspace } from './workspace.ts';

/**
 * Makes the tree that a container writes into where no overlay can be mounted: a copy of its image's, which has its name when
 * it is complete; one that is there stays. The container's row must be there already: it keeps the layer. Throws
 * `unavailable` when it cannot be made.
 */
export async function makeContainerTree(context: Context, copy: Omit<LayerCopy, 'link'>): Promise<void> {
  if (existsSync(copy.to)) return;
  await inWorkspace(context, async ({ tmp }) => {
    const draft = join(tmp(), 'tree');
    await copyLayer(context.helper, { ...copy, to: draft });
    renameSync(draft, copy.to);
  });
}
