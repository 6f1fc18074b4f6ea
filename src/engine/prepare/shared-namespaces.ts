import { readlinkSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { JoinedProcess, ShareableNamespace } from '../../runtime/options.ts';
import type { CreateOptions, NamespaceOptions, SharedWith } from '../options/create.ts';
import { statusOf } from '../state/status.ts';
import { containerPaths, type HostsFiles } from '../store/container-paths.ts';
import { type ContainerRow, findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** The namespaces that can be shared, in the order in which their owners are looked for. */
const SHAREABLE: readonly ShareableNamespace[] = ['network', 'pid', 'ipc', 'uts', 'cgroup', 'user'];

/** A container whose namespace another one shares, and its first process. */
export interface NamespaceOwner {
  row: ContainerRow;
  process: JoinedProcess;
}

export type NamespaceOwners = Partial<Record<ShareableNamespace, NamespaceOwner>>;

/**
 * The containers whose namespaces are asked for. Throws `notFound` for one that does not exist, `conflict` for one
 * that does not run, `invalid` for one that does not share.
 */
export function findOwners(context: Context, { namespaces }: CreateOptions): NamespaceOwners {
  const owners: NamespaceOwners = {};
  for (const kind of SHAREABLE) {
    const wanted = sharedWith(namespaces, kind);
    if (wanted === undefined) continue;
    owners[kind] = findOwner(context, kind, wanted.container);
  }
  if (owners.user !== undefined) checkUserNamespaces(owners, owners.user);
  else if (owners.cgroup !== undefined && namespaces.user !== undefined && namespaces.user !== 'host')
    throw foreignCgroups(owners.cgroup);
  return owners;
}

/**
 * Checks that the namespaces that are shared belong to the user namespace that is shared, as a process in that one can
 * mount only what belongs to it: /proc, /sys, mqueue and cgroups show namespaces.
 */
function checkUserNamespaces(owners: NamespaceOwners, user: NamespaceOwner): void {
  for (const kind of ['network', 'pid', 'ipc', 'cgroup'] as const) {
    const owner = owners[kind];
    if (owner === undefined || userNamespace(owner) === userNamespace(user)) continue;
    throw new EngineError(
      'invalid',
      `the ${kind} namespace of container ${owner.row.name} is not in the user namespace of container ${user.row.name}`,
      { subject: owner.row.name, hint: `name one container for --userns and --${kind}` },
    );
  }
}

function foreignCgroups({ row: { name } }: NamespaceOwner): EngineError {
  return new EngineError(
    'invalid',
    `a container with a user namespace of its own cannot share the cgroup namespace of container ${name}`,
    { subject: name, hint: `say --userns container:${name}, or leave --userns out` },
  );
}

function userNamespace({ process: first }: NamespaceOwner): string {
  return readlinkSync(`/proc/${first.pid}/ns/user`);
}

function sharedWith(namespaces: NamespaceOptions, kind: ShareableNamespace): SharedWith | undefined {
  const wanted = namespaces[kind];
  return typeof wanted === 'object' && 'container' in wanted ? wanted : undefined;
}

function findOwner(context: Context, kind: ShareableNamespace, text: string): NamespaceOwner {
  const row = findContainer(context.database, text);
  const status = statusOf(context, row);
  if (status.state !== 'running') throw notRunning(row, kind);
  if (kind === 'ipc') requireShareableIpc(row);
  if (kind === 'user' && row.idMaps === undefined) throw noUserNamespace(row);
  return { row, process: status.record.init };
}

/** Checks that a container's IPC namespace may be shared: its /dev/shm is meant for others, or is not its own anyway. */
function requireShareableIpc({ name, options }: ContainerRow): void {
  const { ipc } = options.namespaces;
  if (ipc === 'shareable' || ipc === 'host' || typeof ipc === 'object') return;
  throw new EngineError('invalid', `container ${name} has a non-shareable IPC namespace`, {
    subject: name,
    hint: `start it with --ipc shareable`,
  });
}

function noUserNamespace({ name }: ContainerRow): EngineError {
  return new EngineError('invalid', `container ${name} has no user namespace of its own to join`, {
    subject: name,
    hint: 'leave --userns out to be in the same one',
  });
}

function notRunning({ name }: ContainerRow, kind: ShareableNamespace): EngineError {
  return new EngineError(
    'conflict',
    `cannot join the ${kind} namespace of container ${name}: it is not running`,
    {
      subject: name,
      remedy: 'skiff ps -a shows what it is doing',
    },
  );
}

/**
 * The files that go with a container's network: those of the container whose network it shares itself, and so on to
 * the one that has a network of its own. Throws `notFound` when that one is removed: its files went with it.
 */
export function hostsFilesOf(context: Context, row: ContainerRow): HostsFiles {
  const shared = sharedWith(row.options.namespaces, 'network');
  if (shared !== undefined) return hostsFilesOf(context, findContainer(context.database, shared.container));
  return containerPaths(context.paths, row.id).hostsFiles;
}
