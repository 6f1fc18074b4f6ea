import type { Database } from '../../host/database.ts';
import { treeSizes } from '../../host/tree-size.ts';
import type { Digest } from '../../oci/digest.ts';
import type { LayerStore } from '../../storage/layer/store.ts';
import type { Context } from './context.ts';

/** Notes the unpacked size of a layer, in bytes: counting it again means looking at each of its files. */
export function noteLayerSize(database: Database, chainID: Digest, bytes: number): void {
  database.run('INSERT OR REPLACE INTO layer_size (chain_id, bytes) VALUES (?, ?)', chainID, bytes);
}

/** Returns the noted sizes of layers, in bytes and in their order; 0 for one that was never noted. */
export function notedLayerSizes(database: Database, chain: readonly Digest[]): number[] {
  return chain.map((chainID) => {
    const row = database.get('SELECT bytes FROM layer_size WHERE chain_id = ?', chainID);
    return Number(row?.['bytes'] ?? 0);
  });
}

/** chainIDs of the layers whose sizes are noted. */
export function notedLayers(database: Database): Digest[] {
  return database.all('SELECT chain_id FROM layer_size').map((row) => row['chain_id'] as Digest);
}

export function forgetLayerSize(database: Database, chainID: Digest): void {
  database.run('DELETE FROM layer_size WHERE chain_id = ?', chainID);
}

/** The sum of the layers' sizes in bytes; one that was never noted (a crash came in between) is counted. */
export async function sizeOfLayers(
  { database, helper }: Pick<Context, 'database' | 'helper'>,
  layers: LayerStore,
  chain: readonly Digest[],
): Promise<number> {
  let total = 0;
  for (const [index, chainID] of chain.entries()) {
    const noted = database.get('SELECT bytes FROM layer_size WHERE chain_id = ?', chainID)?.['bytes'];
    const bytes =
      typeof noted === 'number' ? noted : await countLayer(helper, layers, chain.slice(0, index + 1));
    if (noted === undefined) noteLayerSize(database, chainID, bytes);
    total += bytes;
  }
  return total;
}

/** The last of a chain; of a whole tree what it has more than the one below. */
async function countLayer(helper: string, layers: LayerStore, chain: readonly Digest[]): Promise<number> {
  const trees = chain.slice((await layers.isWhole()) ? -2 : -1).map((chainID) => layers.directory(chainID));
  const [bytes = 0, below = 0] = (await treeSizes(helper, trees)).reverse();
  return Math.max(0, bytes - below);
}
