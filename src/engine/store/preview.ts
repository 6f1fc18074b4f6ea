import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helperDigest } from '../../host/assets.ts';
import { Database } from '../../host/database.ts';
import { namesIn } from '../../host/missing.ts';
import { deleteContainer } from './containers.ts';
import { type Context, requireRoot } from './context.ts';
import { MIGRATIONS } from './migrations.ts';

/** A context for those who only look, until it is disposed of. */
export interface Preview extends Disposable {
  readonly context: Context;
}

/**
 * Opens a context by which everything can be decided as by the store's own, and nothing of the store changes: it sees
 * the store's rows in memory and its files where they are. What use cases write besides rows goes into a directory that
 * is removed with it. Containers that are gone, but for their rows, have none in it. Throws `denied` for whoever is not
 * root.
 */
export function openPreview(store: Context): Preview {
  requireRoot();
  const { paths } = store;
  const database = Database.copyOf(paths.database, MIGRATIONS);
  const directory = mkdtempSync(join(tmpdir(), 'skiff-preview-'));
  const own = (name: string): string => join(directory, name);
  const orOwn = (path: string, name: string): string => (existsSync(path) ? path : own(name));
  if (existsSync(paths.idmappedMounts)) copyFileSync(paths.idmappedMounts, own('idmapped-mounts'));
  if (existsSync(paths.wholeTrees)) copyFileSync(paths.wholeTrees, own('whole-trees'));
  for (const id of namesIn(paths.gone)) deleteContainer(database, id);
  const context = store.previewIn({
    database,
    paths: {
      ...paths,
      // Tried, for whether the kernel can show them through id maps.
      layers: orOwn(paths.layers, 'layers'),
      helper: existsSync(join(paths.helper, helperDigest())) ? paths.helper : own('helper'),
      idmappedMounts: own('idmapped-mounts'),
      wholeTrees: own('whole-trees'),
      knownFiles: own('known-files'),
      seccomp: own('seccomp'),
      locks: own('locks'),
      tmp: own('tmp'),
      trash: own('trash'),
      events: own('events.log'),
      gone: own('gone'),
    },
  });
  return {
    context,
    [Symbol.dispose]() {
      context.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
