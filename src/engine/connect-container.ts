import { EngineError } from '../errors.ts';
import { saveChanged } from './change-options.ts';
import { type ContainerRow, findContainer } from './container-store.ts';
import type { Context } from './context.ts';
import type { CreateOptions, NetworkAttachment, NetworkOptions } from './create-options.ts';
import { networkById, networkByName } from './network-store.ts';
import { findJoin } from './prepare-networking.ts';
import { type Observed, observe } from './reconcile.ts';

type Links = NonNullable<NetworkOptions['links']>;

/**
 * Puts a container on one more network: at once if it runs, else from its next start. Throws `notFound`, `conflict` when
 * it is on it already or has no networks of its own, and what an endpoint cannot have.
 */
export async function connectContainer(
  context: Context,
  text: string,
  { attachment, links }: { attachment: NetworkAttachment; links: Links },
): Promise<void> {
  const { row, status } = await settled(context, text);
  requireOwnNetworks(row);
  const join = await findJoin(context, attachment);
  const { id } = join.network.definition;
  const change = (options: CreateOptions): CreateOptions => {
    const { network } = options;
    if (network?.attachments.some((each) => each.network === id))
      throw connectedAlready(row, join.network.definition.name);
    return {
      ...options,
      network: {
        ...network,
        attachments: [...(network?.attachments ?? []), { ...join.attachment, network: id }],
        links: [...(network?.links ?? []), ...links],
      },
    };
  };
  if (status.state === 'created' || status.state === 'exited') return changeOptions(context, row, change);
  const { connectRunning } = await import('./connect-running.ts');
  await connectRunning(context, requireRunning({ row, status }), { join, change });
}

/**
 * Takes a container off a network. Throws `notFound`, `conflict` when it is not on it; with `force` a network or a
 * container that is not there any more is fine.
 */
export async function disconnectContainer(
  context: Context,
  { network, container, force }: { network: string; container: string; force: boolean },
): Promise<void> {
  const found = networkByName(context.database, network) ?? networkById(context.database, network);
  if (found === undefined) {
    const { findNetwork } = await import('./network-store.ts');
    return await disconnectRow(
      context,
      findNetwork(context.database, network).definition,
      findContainer(context.database, container),
    );
  }
  try {
    await disconnectRow(context, found.definition, findContainer(context.database, container));
  } catch (error) {
    if (!force || !(error instanceof EngineError) || error.kind !== 'notFound') throw error;
  }
}

/** The same for one that was found. */
export async function disconnectRow(
  context: Context,
  definition: { id: string; name: string },
  found: ContainerRow,
): Promise<void> {
  const { row, status } = await settled(context, found.id);
  const change = (options: CreateOptions): CreateOptions => {
    const { network } = options;
    const others = network?.attachments.filter((each) => each.network !== definition.id) ?? [];
    if (network === undefined || others.length === network.attachments.length)
      throw notConnected(row, definition.name);
    return { ...options, network: { ...network, attachments: others } };
  };
  if (status.state === 'created' || status.state === 'exited') return changeOptions(context, row, change);
  const { disconnectRunning } = await import('./connect-running.ts');
  await disconnectRunning(context, requireRunning({ row, status }), { networkId: definition.id, change });
}

async function settled(context: Context, text: string): Promise<Observed> {
  const found = findContainer(context.database, text);
  const observed = await observe(context, found);
  if (observed === undefined)
    throw new EngineError('notFound', `no such container: ${text}`, { subject: text });
  return observed;
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

/** Neither while it is being started nor while its monitor waits to start it again there is anything to connect. */
function requireRunning({ row, status }: Observed): Observed {
  if (status.state === 'running') return { row, status };
  throw new EngineError('conflict', `container ${row.name} is being started`, {
    subject: row.name,
    hint: 'try again in a moment',
  });
}

/** Of a container that does not run; the row is read again in the transaction. */
function changeOptions(
  context: Context,
  row: ContainerRow,
  change: (options: CreateOptions) => CreateOptions,
): void {
  context.database.transaction(() => saveChanged(context, row, change));
}

function connectedAlready({ name }: ContainerRow, network: string): EngineError {
  return new EngineError('conflict', `container ${name} is on network ${network} already`, { subject: name });
}

function notConnected({ name }: ContainerRow, network: string): EngineError {
  return new EngineError('conflict', `container ${name} is not on network ${network}`, {
    subject: name,
    hint: `skiff inspect ${name} shows where it is`,
  });
}
