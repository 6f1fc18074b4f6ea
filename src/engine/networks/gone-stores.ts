import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type StorePaths, storePaths } from '../../host/paths.ts';
import { readRootRecord } from '../../host/root-record.ts';
import { type Link, ownerOf } from '../../network/links.ts';
import { monitorLives } from '../state/status.ts';
import { runtimeIds } from '../store/container-paths.ts';
import { asNetworkUser } from '../store/network-user.ts';
import {
  bridgesOf,
  deviceAround,
  forgetRuntime,
  type Remover,
  removeNetworking,
  removeRuntime,
} from './traces.ts';

/** A store of which this host has traces, while its root has no records any more. */
export interface GoneStore {
  paths: StorePaths;
  bridges: Link[];
  /** The store's containers that have a runtime directory. */
  containers: string[];
  /** Why it may come back, or is still in use; absent: it is gone for certain. */
  doubt?: string | undefined;
}

/** The directory of all runtime roots. */
const RUN = '/run';

/**
 * Finds stores that were deleted by hand: by the records in the runtime roots, and by what bridges carry. `links` are
 * those of this network namespace.
 */
export function findGoneStores(links: readonly Link[]): GoneStore[] {
  const devices = devicesByRoot();
  const roots = new Set([...devices.keys(), ...links.flatMap(rootOfBridge)]);
  return [...roots].sort().flatMap((root) => {
    const paths = storePaths(root);
    if (existsSync(paths.database)) return [];
    const [bridges, containers] = [bridgesOf(paths, links), runtimeIds(paths)];
    return [{ paths, bridges, containers, doubt: doubtOf(paths, containers, devices.get(root)) }];
  });
}

function devicesByRoot(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(RUN)) {
    if (!/^skiff(-[0-9a-f]{8})?$/.test(name)) continue;
    const record = readRootRecord(join(RUN, name, 'root'));
    if (record !== undefined) found.set(record.root, record.device);
  }
  return found;
}

/** A root that did not fit into the alias is known by its runtime root only. */
function rootOfBridge(link: Link): string[] {
  const owner = ownerOf(link);
  return owner !== undefined && storePaths(owner.root).table === owner.table ? [owner.root] : [];
}

function doubtOf(
  paths: StorePaths,
  containers: readonly string[],
  device: string | undefined,
): string | undefined {
  if (containers.some((id) => monitorLives({ paths }, id))) return 'its containers still run';
  if (device !== undefined && deviceAround(paths.root) === device) return undefined;
  return 'its file system may not be mounted here';
}

/** Lists the traces of a store that is gone, in one line. */
export function tracesOf({ paths, bridges, containers }: GoneStore): string {
  const words = [
    ...bridges.map(({ name }) => `bridge ${name}`),
    ...(existsSync(paths.run) ? [paths.run] : []),
    ...(containers.length > 0 ? [`${containers.length} containers`] : []),
  ];
  return words.join(', ');
}

/**
 * Takes a store that is gone off this host. Somebody may have made one there since it was found: then nothing is done.
 * Can be repeated when it was cut short.
 */
export async function removeGoneStore(
  remover: Remover,
  { paths }: GoneStore,
  links: readonly Link[],
): Promise<void> {
  if (existsSync(paths.database)) return;
  await asNetworkUser({ helper: remover.helper, paths }, async () => {
    await removeRuntime(remover, paths);
    await removeNetworking(remover, paths, links);
    if (!existsSync(paths.database)) forgetRuntime(paths);
  });
}
