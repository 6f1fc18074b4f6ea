import { namesIn } from '../../host/missing.ts';
import { THIS_HOST } from '../../host/probe.ts';
import type { Leftover } from '../doctor/leftover.ts';
import { findLeftovers } from '../doctor/leftovers.ts';
import { deadOwners, dropDeadLeases } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { referencedLayers, unnamed } from '../store/garbage.ts';
import { unusedCopies } from '../store/layer-copies.ts';
import { forgetLayerSize, notedLayers } from '../store/layer-sizes.ts';
import { dropLostLeases, lostHolders } from '../store/lost-leases.ts';
import { collectGarbage } from '../system/garbage.ts';
import type { Fault } from './fault.ts';

/** Blobs, layers and leases that are nobody's. Call it in a transaction. */
export function unnamedThings(context: Context): Fault[] {
  const { blobs, layers } = unnamed(context);
  const mend = async () => void (await collectGarbage(context));
  const left = { state: 'left', detail: 'no image, no container and no cache names it', mend } as const;
  return [
    ...blobs.map((hex): Fault => ({ ...left, topic: 'blob', name: `sha256:${hex}` })),
    ...layers.map((hex): Fault => ({ ...left, topic: 'layer', name: `sha256:${hex}` })),
    ...unusedCopies(context).map(
      (name): Fault => ({ ...left, topic: 'layer', name, detail: 'a copy on which no container stands' }),
    ),
    ...lostRows(context),
    ...deadOwners(context.database).map(
      (owner): Fault => ({
        topic: 'lease',
        name: owner,
        state: 'left',
        detail: 'its process has ended',
        mend: async () => dropDeadLeases(context.database),
      }),
    ),
  ];
}

/** Rows whose container or layer is gone; whoever wrote them did it in the transaction of the thing itself, or after it. */
function lostRows({ database, paths }: Context): Fault[] {
  const here = namesIn(paths.layers).map((hex) => `sha256:${hex}`);
  const layers = new Set([...here, ...referencedLayers(database)]);
  return [
    ...lostHolders(database).map(
      (id): Fault => ({
        topic: 'lease',
        name: id,
        state: 'left',
        detail: 'it is no container, and has addresses or ports',
        mend: async () => dropLostLeases(database),
      }),
    ),
    ...notedLayers(database)
      .filter((chainID) => !layers.has(chainID))
      .map(
        (chainID): Fault => ({
          topic: 'layer',
          name: chainID,
          state: 'left',
          detail: 'its size is noted, and nothing else is known of it',
          mend: async () => forgetLayerSize(database, chainID),
        }),
      ),
  ];
}

/** Those of `doctor` that lie in a store. */
const IN_STORE: readonly Leftover['kind'][] = [
  'container directory',
  'volume directory',
  'snapshot directory',
  'temporary directory',
  'trash',
  'lock',
];

/** What `doctor` finds in a store that has no living owner. */
export function abandonedThings(context: Context): Fault[] {
  return findLeftovers(context, THIS_HOST)
    .filter(({ kind, foreign }) => IN_STORE.includes(kind) && foreign === undefined)
    .map(({ kind, name, detail, clean }) => ({
      topic: 'garbage',
      name,
      detail: `${kind}: ${detail}`,
      state: 'left',
      mend: clean,
    }));
}
