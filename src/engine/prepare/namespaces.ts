import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { NamespaceChoice, NamespaceOptions as RuntimeNamespaces } from '../../runtime/options.ts';
import { defaultHostname, type HostsFiles, hostHostname, hostsFilesIn } from '../endpoints/hosts-files.ts';
import type { CreateOptions, IdMaps, NamespaceOptions } from '../options/create.ts';
import type { ContainerRow, OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { Donors, ShareableNamespace } from './shared-namespaces.ts';

/** The namespaces of a container to be, with every name resolved. */
export interface PreparedNamespaces {
  /** As they are kept with the container: ids in the place of names, and the host name that it gets. */
  options: NamespaceOptions;
  choices: RuntimeNamespaces;
  /** Absent: no user namespace. */
  idMaps: OwnerMaps | undefined;
  /** The maps were chosen among those that are free: whoever inserts the row makes sure that they still are. */
  claimed: boolean;
  files: HostsFiles;
  /** Whose files those are: the container's own, still to be written, or those that come with a shared network. */
  ownFiles: boolean;
}

/**
 * Resolves what `options.namespaces` names: other containers, ranges of ids, the host's name. An `existing` container
 * keeps the ids that its files belong to. Throws what `findDonors`
 * and the id maps throw, and `invalid` for a host name that the chosen namespaces do not let it have.
 */
export async function prepareNamespaces(
  context: Context,
  options: CreateOptions,
  { id, layers, existing }: { id: string; layers: number; existing?: ContainerRow | undefined },
): Promise<PreparedNamespaces> {
  const { namespaces } = options;
  // What is kept of an existing one has a host name always: the one that it got.
  if (existing === undefined) checkNames(namespaces);
  const donors = await donorsOf(context, options);
  const { idMaps, claimed } =
    existing === undefined
      ? await idMapsOf(context, namespaces.user, { donors, layers })
      : { idMaps: existing.idMaps, claimed: false };
  const { hostname, domainname } = namesOf(namespaces, donors, id);
  const kept = keptOptions(namespaces, donors);
  return {
    options: { ...kept, hostname, ...(domainname === undefined ? {} : { domainname }) },
    choices: choicesOf(namespaces, { donors, hostname, domainname, idMaps }),
    idMaps,
    claimed,
    ...(await filesOf(context, donors, id)),
  };
}

/** A host name is of no use where the one of somebody else is shared; Docker refuses it, too. */
function checkNames({ hostname, domainname, network, uts }: NamespaceOptions): void {
  const named = hostname === undefined ? domainname && '--domainname' : '--hostname';
  if (named === undefined) return;
  const sharesUts = uts !== undefined && uts !== 'private';
  if (!sharesUts && (named === '--domainname' || typeof network === 'string')) return;
  const shared = sharesUts ? 'UTS namespace' : 'network and host name of another container';
  throw new EngineError('invalid', `${named} cannot be given to a container that shares the ${shared}`, {
    subject: hostname ?? domainname,
    hint: `leave out ${named}, or ${sharesUts ? '--uts' : '--network'}`,
  });
}

/** Loaded for those who share: most do not. */
async function donorsOf(context: Context, options: CreateOptions): Promise<Donors> {
  if (!Object.values(options.namespaces).some(isShared)) return {};
  const { findDonors } = await import('./shared-namespaces.ts');
  return findDonors(context, options);
}

function isShared(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'container' in value;
}

async function idMapsOf(
  context: Context,
  user: NamespaceOptions['user'],
  { donors, layers }: { donors: Donors; layers: number },
): Promise<{ idMaps: OwnerMaps | undefined; claimed: boolean }> {
  if (user === undefined || user === 'host') return { idMaps: undefined, claimed: false };
  const { checkIdMaps, freeIdMaps } = await import('./id-maps.ts');
  const { canMapOwners } = await import('./idmapped-mounts.ts');
  const claimed = user === 'auto';
  const maps = claimed ? freeIdMaps(context) : 'uids' in user ? user : lentMaps(donors);
  checkIdMaps(maps);
  // A root without layers is the upper directory alone: there is nothing to be shown through the maps.
  const idMapped = layers > 0 && (await canMapOwners(context));
  return { idMaps: { uids: maps.uids, gids: maps.gids, idMapped }, claimed };
}

/** `findDonors` refuses a container that has none. */
function lentMaps({ user }: Donors): IdMaps {
  const { uids = [], gids = [] } = user?.row.idMaps ?? {};
  return { uids, gids };
}

/** With a shared network comes the name of whoever lends it, as in Docker; with a shared UTS namespace its own. */
function namesOf(
  { hostname, domainname, network, uts }: NamespaceOptions,
  donors: Donors,
  id: string,
): { hostname: string; domainname: string | undefined } {
  const donor = donors.uts ?? donors.network;
  if (uts !== 'host' && donor !== undefined) {
    const lent = donor.row.options.namespaces;
    return { hostname: lent.hostname ?? defaultHostname('new', donor.row.id), domainname: lent.domainname };
  }
  if (uts === 'host') return { hostname: hostHostname(), domainname: undefined };
  return { hostname: hostname ?? defaultHostname(network === 'host' ? 'host' : 'new', id), domainname };
}

/** Names may change hands while the container is there; ids do not. */
function keptOptions(namespaces: NamespaceOptions, donors: Donors): NamespaceOptions {
  const ids = Object.entries(donors).map(([kind, { row }]) => [kind, { container: row.id }]);
  return { ...namespaces, ...Object.fromEntries(ids) };
}

function choicesOf(
  wanted: NamespaceOptions,
  {
    donors,
    hostname,
    domainname,
    idMaps,
  }: { donors: Donors; hostname: string; domainname: string | undefined; idMaps: OwnerMaps | undefined },
): RuntimeNamespaces {
  const choice = (kind: ShareableNamespace): NamespaceChoice =>
    donors[kind]?.process ?? (wanted[kind] === 'host' ? 'host' : 'new');
  return {
    hostname,
    domainname,
    network: choice('network'),
    pid: choice('pid'),
    ipc: choice('ipc'),
    shm: shmOf(wanted.ipc),
    uts: choice('uts'),
    cgroup: choice('cgroup'),
    user: donors.user?.process ?? (idMaps === undefined ? 'host' : { uids: idMaps.uids, gids: idMaps.gids }),
    timeOffsets: wanted.timeOffsets,
  };
}

function shmOf(ipc: NamespaceOptions['ipc']): RuntimeNamespaces['shm'] {
  if (typeof ipc === 'object') return 'joined';
  return ipc === 'host' || ipc === 'none' ? ipc : 'own';
}

async function filesOf(
  context: Context,
  donors: Donors,
  id: string,
): Promise<Pick<PreparedNamespaces, 'files' | 'ownFiles'>> {
  if (donors.network === undefined) {
    return { files: hostsFilesIn(join(context.paths.containers, id)), ownFiles: true };
  }
  const { hostsFilesOf } = await import('./shared-namespaces.ts');
  return { files: hostsFilesOf(context, donors.network.row), ownFiles: false };
}
