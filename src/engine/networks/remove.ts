import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { disconnectRow, type NetworkChange } from '../endpoints/connect.ts';
import { appendNetworkEvent } from '../events/network.ts';
import { fitsPrune, type PruneFilters } from '../options/prune.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { allNetworks, deleteNetwork, findNetwork, type NetworkRow, PREDEFINED } from '../store/networks.ts';
import { attachedContainers } from './members.ts';
import { removeLinks, repairNetworks } from './repair.ts';

/**
 * Removes a network: its row, its bridge, its part of the firewall. Throws `notFound`, `denied` for a predefined one,
 * and `conflict` while a container is on it, unless `force` disconnects them. Returns what was done to those.
 */
export async function removeNetwork(
  context: Context,
  text: string,
  { force }: { force: boolean },
): Promise<NetworkChange[]> {
  refusePredefined(text);
  const row = findNetwork(context.database, text);
  refusePredefined(row.definition.name);
  const changes: NetworkChange[] = [];
  for (const container of force ? attachedContainers(context, row.definition.id) : []) {
    const change = await disconnectAttached(context, row, container);
    if (change !== undefined) changes.push(change);
  }
  if (!deleteUnused(context, row)) throw inUse(context, row);
  await forget(context, row);
  return changes;
}

/** Undefined: somebody else has, or has removed it. */
async function disconnectAttached(
  context: Context,
  { definition }: NetworkRow,
  container: ContainerRow,
): Promise<NetworkChange | undefined> {
  try {
    return await disconnectRow(context, definition, container);
  } catch (error) {
    if (attachedContainers(context, definition.id).some(({ id }) => id === container.id)) throw error;
    return undefined;
  }
}

function refusePredefined(name: string): void {
  if (!PREDEFINED.some((predefined) => predefined === name)) return;
  throw new EngineError('denied', `network ${name} is predefined and cannot be removed`, { subject: name });
}

/** False when a container is on it, running or not. */
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
    hint: `disconnect or remove them first, or say skiff network rm -f ${name}`,
  });
}

async function forget(context: Context, { definition }: NetworkRow): Promise<void> {
  await removeLinks(context, definition);
  rmSync(join(context.paths.names, 'networks', definition.id), { recursive: true, force: true });
  await repairNetworks(context);
  appendNetworkEvent(context, definition, 'destroy');
}

/** Removes what somebody made and no container is on, running or not. Returns the names. */
export async function pruneNetworks(context: Context, filters: PruneFilters): Promise<string[]> {
  const removed: string[] = [];
  for (const row of allNetworks(context.database)) {
    const { name } = row.definition;
    if (PREDEFINED.some((predefined) => predefined === name)) continue;
    if (!fitsPrune(row, filters)) continue;
    if (!deleteUnused(context, row)) continue;
    await forget(context, row);
    removed.push(name);
  }
  return removed;
}
