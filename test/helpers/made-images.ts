import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { addBusybox, LayerTree } from './layer-tree.ts';
import { writeLayout } from './oci-layout.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import type { Store } from './skiff.ts';

/** Makes images for single tests: busybox and what a test adds, by way of a registry into a store. */
export interface ImageMaker {
  /** Returns what the image is called. `add` works on the tree of the one layer. */
  make(name: string, add: (tree: LayerTree) => void, config?: Record<string, unknown>): Promise<string>;
}

/** Starts a registry before the tests of a file, and ends it after them. */
export function useImageMaker(store: Store): ImageMaker {
  let registry: TestRegistry | undefined;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry?.stop());
  return {
    async make(name, add, config = {}) {
      if (registry === undefined) throw new Error('the registry runs only while tests do');
      const tree = new LayerTree();
      addBusybox(tree);
      add(tree);
      const reference = `${registry.host}/${name}:latest`;
      const layout = mkdtempSync(join(tmpdir(), 'made-image-'));
      try {
        const image = { Cmd: ['sh'], Env: ['PATH=/bin'], ...config };
        writeLayout(layout, [{ tag: 'made', layers: [tree.archive()], compression: 'none', config: image }]);
        const options = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'];
        await promisify(execFile)('skopeo', [...options, `oci:${layout}:made`, `docker://${reference}`]);
      } finally {
        rmSync(layout, { recursive: true });
      }
      await store.ok(['pull', '-q', reference], { through: [] });
      return reference;
    },
  };
}
