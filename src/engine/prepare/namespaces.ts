import type { NamespaceChoice, NamespaceChoices, ShareableNamespace } from '../../runtime/options.ts';
import { defaultHostname, hostHostname } from '../endpoints/hosts-files.ts';
import type { CreateOptions, IdMaps, NamespaceOptions } from '../options/create.ts';
import { containerPaths, type HostsFiles } from '../store/container-paths.ts';
import type { ContainerRow, OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { NamespaceOwners } from './shared-namespaces.ts';

/** The namespaces of a container to be, with every name resolved. */
export interface PreparedNamespaces {
  /** The options as they are kept with the container: ids in the place of names, and the host name that it gets. */
  options: NamespaceOptions;
  choices: NamespaceChoices;
  /** Absent: no user namespace. */
  idMaps: OwnerMaps | undefined;
  /** The maps were chosen among those that are free: whoever inserts the row makes sure that they still are. */
  claimed: boolean;
  files: HostsFiles;
  /** Whether the files are the container's own, still to be written; else they come with a shared network. */
  ownFiles: boolean;
}

/**
 * Resolves what `options.namespaces` names: other containers, ranges of ids, the host's name. An `existing` container
 * keeps the ids that its files belong to. Throws what `findOwners` and the id maps throw.
 */
export async function prepareNamespaces(
  context: Context,
  options: CreateOptions,
  { id, layers, existing }: { id: string; layers: number; existing?: ContainerRow | undefined },
): Promise<PreparedNamespaces> {
  const { namespaces } = options;
  const owners = await ownersOf(context, options);
  const { idMaps, claimed } =
    existing === undefined
      ? await idMapsOf(context, options, { owners, layers })
      : { idMaps: existing.idMaps, claimed: false };
  const { hostname, domainname } = namesOf(namespaces, owners, id);
  const kept = keptOptions(namespaces, owners);
  return {
    options: { ...kept, hostname, ...(domainname === undefined ? {} : { domainname }) },
    choices: choicesOf(namespaces, { owners, hostname, domainname, idMaps }),
    idMaps,
    claimed,
    ...(await filesOf(context, owners, id)),
  };
}

/** Loaded for those who share: most do not. */
async function ownersOf(context: Context, options: CreateOptions): Promise<NamespaceOwners> {
  if (!Object.values(options.namespaces).some(isShared)) return {};
  const { findOwners } = await import('./shared-namespaces.ts');
  return findOwners(context, options);
}

function isShared(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'container' in value;
}

async function idMapsOf(
  context: Context,
  { namespaces: { user }, rootfs }: CreateOptions,
  { owners, layers }: { owners: NamespaceOwners; layers: number },
): Promise<{ idMaps: OwnerMaps | undefined; claimed: boolean }> {
  if (user === undefined || user === 'host') return { idMaps: undefined, claimed: false };
  const { checkIdMaps, freeIdMaps } = await import('./id-maps.ts');
  const { canMapOwners } = await import('./idmapped-mounts.ts');
  const claimed = user === 'auto';
  const maps = claimed ? freeIdMaps(context) : 'uids' in user ? user : sharedMaps(owners);
  checkIdMaps(maps);
  if (rootfs !== undefined) {
    await (await import('./root-directory.ts')).requireMappable(context, rootfs);
    return { idMaps: { uids: maps.uids, gids: maps.gids, idMapped: true }, claimed };
  }
  // A root without layers is the upper directory alone: there is nothing to be shown through the maps.
  const idMapped = layers > 0 && (await canMapOwners(context));
  return { idMaps: { uids: maps.uids, gids: maps.gids, idMapped }, claimed };
}

/** `findOwners` refuses a container that has none. */
function sharedMaps({ user }: NamespaceOwners): IdMaps {
  const { uids = [], gids = [] } = user?.row.idMaps ?? {};
  return { uids, gids };
}

/**
 * Returns a container's host name and domain name. With a shared UTS namespace, else with a shared network, it has those
 * of the owner, as in Docker.
 */
function namesOf(
  { hostname, domainname, network, uts }: NamespaceOptions,
  owners: NamespaceOwners,
  id: string,
): { hostname: string; domainname: string | undefined } {
  const owner = owners.uts ?? owners.network;
  if (uts !== 'host' && owner !== undefined) {
    const shared = owner.row.options.namespaces;
    return {
      hostname: shared.hostname ?? defaultHostname('new', owner.row.id),
      domainname: shared.domainname,
    };
  }
  if (uts === 'host') return { hostname: hostHostname(), domainname: undefined };
  return { hostname: hostname ?? defaultHostname(network === 'host' ? 'host' : 'new', id), domainname };
}

/** Names may change hands while the container is there; ids do not. */
function keptOptions(namespaces: NamespaceOptions, owners: NamespaceOwners): NamespaceOptions {
  const ids = Object.entries(owners).map(([kind, { row }]) => [kind, { container: row.id }]);
  return { ...namespaces, ...Object.fromEntries(ids) };
}

function choicesOf(
  wanted: NamespaceOptions,
  {
    owners,
    hostname,
    domainname,
    idMaps,
  }: {
    owners: NamespaceOwners;
    hostname: string;
    domainname: string | undefined;
    idMaps: OwnerMaps | undefined;
  },
): NamespaceChoices {
  const choice = (kind: ShareableNamespace): NamespaceChoice =>
    owners[kind]?.process ?? (wanted[kind] === 'host' ? 'host' : 'new');
  return {
    ...wanted,
    hostname,
    domainname,
    network: choice('network'),
    pid: choice('pid'),
    ipc: choice('ipc'),
    shm: shmOf(wanted.ipc),
    uts: choice('uts'),
    cgroup: choice('cgroup'),
    user: owners.user?.process ?? (idMaps === undefined ? 'host' : { uids: idMaps.uids, gids: idMaps.gids }),
  };
}

function shmOf(ipc: NamespaceOptions['ipc']): NamespaceChoices['shm'] {
  if (typeof ipc === 'object') return 'joined';
  return ipc === 'host' || ipc === 'none' ? ipc : 'own';
}

async function filesOf(
  context: Context,
  owners: NamespaceOwners,
  id: string,
): Promise<Pick<PreparedNamespaces, 'files' | 'ownFiles'>> {
  if (owners.network === undefined) {
    return { files: containerPaths(context.paths, id).hostsFiles, ownFiles: true };
  }
  const { hostsFilesOf } = await import('./shared-namespaces.ts');
  return { files: hostsFilesOf(context, owners.network.row), ownFiles: false };
}
