import { compileRemoval } from '../../network/files/network-file.ts';
import type { Link } from '../../network/links.ts';
import { findGoneStores, type GoneStore, removeGoneStore, tracesOf } from '../networks/gone-stores.ts';
import { performNetworkFile, readLinks } from '../networks/perform.ts';
import { bridgesOf } from '../networks/traces.ts';
import type { Context } from '../store/context.ts';
import { allNetworks } from '../store/networks.ts';
import type { Leftover } from './leftover.ts';

/**
 * Finds what stores that were deleted by hand have left on this host, and bridges of this one that are of no network.
 * Empty where links cannot be listed.
 */
export async function networkLeftovers(context: Context): Promise<Leftover[]> {
  const links = await readLinks(context).catch(() => undefined);
  if (links === undefined) return [];
  return [...goneStores(context, links), ...ownBridges(context, links)];
}

function goneStores(context: Context, links: readonly Link[]): Leftover[] {
  return findGoneStores(links).map((store) => ({
    kind: 'store',
    name: store.paths.root,
    detail: `is gone, and has left ${tracesOf(store)}`,
    foreign: store.doubt === undefined ? undefined : `${store.doubt}; ${resetHint(store)}`,
    clean: () => removeGoneStore(context, store, links),
  }));
}

function resetHint({ paths }: GoneStore): string {
  return `if it will not come back: skiff --root ${paths.root} system reset`;
}

/** The links were listed before the rows are read: one that is made meanwhile has its row by then. */
function ownBridges(context: Context, links: readonly Link[]): Leftover[] {
  const known = new Set(allNetworks(context.database).map(({ definition }) => definition.link));
  return bridgesOf(context.paths, links)
    .filter(({ name }) => !known.has(name))
    .map(({ index, name, mac }) => ({
      kind: 'bridge',
      name,
      detail: 'of a network that is in no record',
      foreign: links.some(({ master }) => master === index) ? 'something is connected to it' : undefined,
      clean: () => performNetworkFile(context, compileRemoval([{ link: name, mac }]), 'down'),
    }));
}
