import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StorePaths } from '../../host/paths.ts';
import { compileRemoval } from '../../network/files/network-file.ts';
import { type Link, ownerOf } from '../../network/links.ts';
import { ruleset, withoutTable } from '../../network/nft/ruleset.ts';
import { cleanUp } from '../state/observe.ts';
import { livingMonitor } from '../state/status.ts';
import { runtimeIds } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import { readUplinks } from './forwarding.ts';
import { performNetworkFile, sendToFirewall } from './perform.ts';

/**
 * The paths and the helper by which a store's traces are removed, whether that store is still there or not: the helper,
 * and the temporary directory for its files, may be another store's.
 */
export type Remover = Pick<Context, 'helper' | 'paths'>;

/**
 * The bridges among `links` that a store has made, by what they carry; an earlier version let them carry nothing, but the
 * default one's name is the store's own.
 */
export function bridgesOf(
  { table, bridge }: Pick<StorePaths, 'table' | 'bridge'>,
  links: readonly Link[],
): Link[] {
  return links.filter((link) => {
    const owner = ownerOf(link);
    return owner === undefined ? link.name === bridge : owner.table === table;
  });
}

/**
 * Ends the containers that still run with a store's runtime directory, paused ones too, and takes back what they have. Their
 * monitors are killed: it is the clean-up after them that lets go of everything, whatever they were about to do.
 */
export async function removeRuntime({ helper }: Pick<Context, 'helper'>, store: StorePaths): Promise<void> {
  for (const id of runtimeIds(store)) {
    const monitor = livingMonitor({ paths: store }, id);
    if (monitor !== undefined) process.kill(monitor.pid, 'SIGKILL');
    await cleanUp({ helper, paths: store }, { id, name: id.slice(0, 12) });
  }
}

/** Takes away the bridges of a store, and its table of the firewall. */
export async function removeNetworking(
  remover: Remover,
  store: StorePaths,
  links: readonly Link[],
): Promise<void> {
  const bridges = bridgesOf(store, links).map(({ name, mac }) => ({ link: name, mac }));
  if (bridges.length > 0) await performNetworkFile(remover, compileRemoval(bridges), 'down');
  await removeTable(remover, store);
}

/**
 * Removes the firewall's table. Where skiff made this host forward packets, it keeps the rules that keep the host from
 * becoming a router for everybody, as long as it forwards: nobody can tell who else relies on that by now.
 */
async function removeTable(remover: Remover, store: StorePaths): Promise<void> {
  const uplinks = { uplinks4: readUplinks(store, 4), uplinks6: readUplinks(store, 6) };
  const isGuard = uplinks.uplinks4.length + uplinks.uplinks6.length > 0;
  const { messages } = ruleset({ table: store.table, networks: [], ports: [], ...uplinks });
  await sendToFirewall(remover, isGuard ? messages : withoutTable(store.table));
}

/** Removes the runtime root, the last trace of a store: nobody can tell any more that there was one. */
export function forgetRuntime({ run }: StorePaths): void {
  rmSync(run, { recursive: true, force: true });
}

/** st_dev of the nearest directory that is there. */
export function deviceAround(path: string): string {
  for (let place = path; ; place = dirname(place)) {
    const found = statSync(place, { bigint: true, throwIfNoEntry: false });
    if (found !== undefined) return String(found.dev);
  }
}
