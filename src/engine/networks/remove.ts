import { rmSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { appendNetworkEvent } from '../events/network.ts';
import { PREDEFINED_NETWORKS } from '../options/network.ts';
import { fitsPrune, type PruneFilters } from '../options/prune.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import { namesOfNetwork } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import { allNetworks, deleteNetwork, findNetwork, type NetworkRow } from '../store/networks.ts';
import { attachedContainers } from './members.ts';
import { removeLinks, repairNetworks } from './repair.ts';

/**
 * Finds a network that somebody may remove, by name, id, or a prefix of its id. Throws `notFound`, and `denied` for a
 * predefined one.
 */
export function removableNetwork({ database }: Context, text: string): NetworkRow {
  refusePredefined(text);
  const row = findNetwork(database, text);
  refusePredefined(row.definition.name);
  return row;
}

/** Removes a network: its row, its bridge, its part of the firewall. Throws `conflict` while a container is on it. */
export async function removeNetwork(context: Context, row: NetworkRow): Promise<void> {
  if (!deleteUnused(context, row)) throw inUse(context, row);
  await forget(context, row);
}

function refusePredefined(name: string): void {
  if (!PREDEFINED_NETWORKS.includes(name)) return;
  throw new EngineError('denied', `network ${name} is predefined and cannot be removed`, { subject: name });
}

/** Deletes a network's row; false when a container is on it, running or not. */
function deleteUnused(context: Context, { definition }: NetworkRow): boolean {
  return transactionAfterSweep(context, () => {
    if (attachedContainers(context, definition.id).length > 0) return false;
    deleteNetwork(context.database, definition.id);
    return true;
  });
}

function inUse(context: Context, { definition: { id, name } }: NetworkRow): EngineError {
  const names = attachedContainers(context, id).map((container) => container.name);
  return new EngineError('conflict', `network ${name} has containers: ${names.join(', ')}`, {
    subject: name,
    failure: 'networkInUse',
    object: id,
    remedy: `disconnect or remove them first, or say skiff network rm -f ${name}`,
  });
}

async function forget(context: Context, { definition }: NetworkRow): Promise<void> {
  await removeLinks(context, definition);
  rmSync(namesOfNetwork(context.paths, definition.id), { recursive: true, force: true });
  await repairNetworks(context);
  appendNetworkEvent(context, definition, 'destroy');
}

/** Removes what somebody made and no container is on, running or not. Returns the names. */
export async function pruneNetworks(context: Context, filters: PruneFilters): Promise<string[]> {
  const removed: string[] = [];
  for (const row of allNetworks(context.database)) {
    const { name } = row.definition;
    if (PREDEFINED_NETWORKS.includes(name)) continue;
    if (!fitsPrune(row, filters)) continue;
    if (!deleteUnused(context, row)) continue;
    await forget(context, row);
    removed.push(name);
  }
  return removed;
}
