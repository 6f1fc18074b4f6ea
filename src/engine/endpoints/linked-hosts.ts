import { EngineError } from '../../errors.ts';
import type { LinkedHost } from '../../network/files/hosts-text.ts';
import { addressesOf } from '../leases/addresses.ts';
import type { Link } from '../options/create.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';
import { isUp, statusOf } from '../state/status.ts';
import { findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { PreparedNetworking } from './prepare.ts';

/**
 * The containers that are linked to on the default network, where nobody resolves their names: by `links`, which are of no
 * single network, and by those of this one. Throws `notFound` for
 * one that is not there, `conflict` for one that does not run or is not on it.
 */
export function findLinkedHosts(
  context: Context,
  links: readonly Link[],
  { attachments }: Pick<PreparedNetworking, 'attachments'>,
): LinkedHost[] {
  const own = attachments.find(({ network }) => network.definition.name === DEFAULT_NETWORK);
  if (own === undefined) return [];
  return [...links, ...(own.attachment.links ?? [])].map(({ container, alias }) => {
    const row = findContainer(context.database, container);
    const lease = isUp(statusOf(context, row))
      ? addressesOf(context.database, row.id).find(({ networkId }) => networkId === own.network.definition.id)
      : undefined;
    if (lease === undefined) {
      throw new EngineError(
        'conflict',
        `cannot link to container ${row.name}: it does not run on network ${DEFAULT_NETWORK}`,
        {
          subject: row.name,
          hint: 'start it first; on a network that you make, names are known without links',
        },
      );
    }
    return {
      address: lease.address,
      alias,
      name: row.name,
      hostname: row.options.namespaces.hostname ?? row.id.slice(0, 12),
    };
  });
}
