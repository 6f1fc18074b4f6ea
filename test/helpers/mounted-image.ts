import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from './skiff.ts';
import { describeTree } from './tree.ts';

/** The tree that a container made of an image starts with: the store's layers under a read-only overlay mount. */
export async function mountedTree(store: Store, reference: string): Promise<string[]> {
  const [image] = JSON.parse(await store.ok(['inspect', '--type', 'image', reference]));
  const base = mkdtempSync(join(tmpdir(), 'skiff-mounted-'));
  for (const name of ['empty', 'merged']) mkdirSync(join(base, name));
  const merged = join(base, 'merged');
  // One lower directory alone is refused; at the bottom an empty one shows nowhere.
  const { UpperDir, LowerDir } = image.GraphDriver.Data;
  const options = `lowerdir=${[UpperDir, LowerDir, `${base}/empty`].filter(Boolean).join(':')}`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'skiff-test', merged]);
  try {
    return describeTree(merged);
  } finally {
    execFileSync('umount', [merged]);
    rmSync(base, { recursive: true, force: true });
  }
}
