import { EngineError } from '../../errors.ts';
import { attachedContainers } from '../networks/members.ts';
import { checkAttachment, checkDistinct } from '../options/check-attachments.ts';
import type { CreateOptions, NetworkAttachment } from '../options/create.ts';
import { withoutLinks } from '../options/network.ts';
import { changeContainer, type RunningContainer } from '../state/lock.ts';
import { type ContainerRow, changeOptions, findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { findNetwork, networkById, noSuchNetwork } from '../store/networks.ts';
import { attachmentByName, provideDefaultNetwork, resolveAttachment } from './attachment.ts';

/** The outcome of a change of a container's networks. */
export interface NetworkChange {
  /** The container's name. */
  container: string;
  /**
   * Whether the container's /etc/hosts has the change, or will have it at the next start; false: the container has made
   * that file too long to be edited, and it was left.
   */
  isInHosts: boolean;
}

/**
 * Puts a container on one more network: at once if it runs, else from its next start. Throws `notFound`, `conflict` when
 * it is on it already or has no networks of its own, `invalid` for what a network or an interface cannot have, and for
 * `host` and `none`.
 */
export async function connectContainer(
  context: Context,
  text: string,
  attachment: NetworkAttachment,
): Promise<NetworkChange> {
  const row = findContainer(context.database, text);
  requireLinks(attachment.network, row);
  checkAttachment(attachment);
  await provideDefaultNetwork(context, [attachment]);
  const resolved = await resolveAttachment(context, attachment);
  requireOwnNetworks(row);
  checkAttachment(attachmentByName(resolved));
  const { id } = resolved.network.definition;
  const change = (options: CreateOptions): CreateOptions => {
    const { network } = options;
    if (networkById(context.database, id) === undefined)
      throw noSuchNetwork(resolved.network.definition.name);
    if (network?.attachments.some((each) => each.network === id))
      throw connectedAlready(row, resolved.network.definition.name);
    const attachments = [...(network?.attachments ?? []), { ...resolved.attachment, network: id }];
    checkDistinct(attachments);
    return {
      ...options,
      network: { ...network, attachments },
    };
  };
  const isInHosts = await changeContainer(context, row, {
    whenIdle: (current) => saved(context, current, change),
    whenRunning: async (container) => {
      requireStarted(container);
      const { connectRunning } = await import('./connect-running.ts');
      return await connectRunning(context, container, { resolved, change });
    },
  });
  return { container: row.name, isInHosts };
}

/** The next start writes the files. */
function saved(context: Context, row: ContainerRow, change: (options: CreateOptions) => CreateOptions): true {
  changeOptions(context.database, row, change);
  return true;
}

/**
 * Takes a container off a network. Throws `notFound`, `conflict` when it is not on it. With `force` a container that is
 * not there any more is fine: it is on no network. A network that is not there is refused all the same, as in Docker: the
 * container may be on the one that was meant.
 */
export async function disconnectContainer(
  context: Context,
  { network, container, force }: { network: string; container: string; force: boolean },
): Promise<NetworkChange> {
  const known = withoutLinks(network) ?? findNetwork(context.database, network).definition;
  try {
    const row = findContainer(context.database, container);
    requireLinks(network, row);
    return await disconnectRow(context, known, row);
  } catch (error) {
    if (!force || !(error instanceof EngineError) || error.kind !== 'notFound') throw error;
    return { container, isInHosts: true };
  }
}

/** Takes all containers off a network, running or not. Returns what was done to those that were still on it. */
export async function disconnectAll(
  context: Context,
  definition: { id: string; name: string },
): Promise<NetworkChange[]> {
  const changes: NetworkChange[] = [];
  for (const row of attachedContainers(context, definition.id)) {
    try {
      changes.push(await disconnectRow(context, definition, row));
    } catch (error) {
      // Somebody else may have disconnected or removed it.
      if (attachedContainers(context, definition.id).some(({ id }) => id === row.id)) throw error;
    }
  }
  return changes;
}

/** Takes a container that was found off a network. */
async function disconnectRow(
  context: Context,
  definition: { id: string; name: string },
  row: ContainerRow,
): Promise<NetworkChange> {
  const change = (options: CreateOptions): CreateOptions => {
    const { network } = options;
    const others = network?.attachments.filter((each) => each.network !== definition.id) ?? [];
    if (network === undefined || others.length === network.attachments.length)
      throw notConnected(row, definition.name);
    return { ...options, network: { ...network, attachments: others } };
  };
  const isInHosts = await changeContainer(context, row, {
    whenIdle: (current) => saved(context, current, change),
    whenRunning: async (container) => {
      requireStarted(container);
      const { disconnectRunning } = await import('./connect-running.ts');
      return await disconnectRunning(context, container, { network: definition, change });
    },
  });
  return { container: row.name, isInHosts };
}

/** A container is on the host's network, or on none, for good. */
function requireLinks(network: string, { name }: ContainerRow): void {
  const known = withoutLinks(network);
  if (known === undefined) return;
  const what = known.name === 'host' ? 'the network of the host' : 'no network';
  throw new EngineError('invalid', `container ${name} cannot be put on ${what} or taken off it`, {
    subject: known.name,
    hint: `make it again, on the network ${known.name} or on others`,
  });
}

function requireOwnNetworks({ name, options }: ContainerRow): void {
  const { network } = options.namespaces;
  if (network === 'networks') return;
  const what =
    network === 'none'
      ? 'has no network'
      : `is on the network of ${network === 'host' ? 'the host' : 'another container'}`;
  throw new EngineError('conflict', `container ${name} ${what} and cannot be connected to others`, {
    subject: name,
    hint: 'make it again with --network NAME',
  });
}

/** Checks that the container runs: while its monitor waits to start it again there is nothing to connect. */
function requireStarted({ row, status }: RunningContainer): void {
  if (status.state === 'running') return;
  throw new EngineError('conflict', `container ${row.name} is being started`, {
    subject: row.name,
    hint: 'try again in a moment',
  });
}

function connectedAlready({ name }: ContainerRow, network: string): EngineError {
  return new EngineError('conflict', `container ${name} is on network ${network} already`, { subject: name });
}

function notConnected({ name }: ContainerRow, network: string): EngineError {
  return new EngineError('conflict', `container ${name} is not on network ${network}`, {
    subject: name,
    remedy: `skiff inspect ${name} shows where it is`,
  });
}
