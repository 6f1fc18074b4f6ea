import { WATCHED_CHAIN, WATCHED_RULES } from '../../network/nft/watched-chain.ts';
import type { Placement } from '../../runtime/plan/placement.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import type { PreparedNetworking } from './prepare.ts';

/**
 * Returns the part of a container's plan that is about networks: where their files will lie, and how to tell that
 * something is missing. The resolver is named also for a container that has none yet: it may be connected to a network
 * with names while it runs.
 */
export function networkPlacement(
  context: Context,
  id: string,
  networking: PreparedNetworking | undefined,
): Placement['networking'] {
  if (networking === undefined) return undefined;
  const { networks, ports, resolver, resolverRules, names } = containerPaths(context.paths, id);
  return {
    networksDirectory: networks,
    portsFile: networking.mappings.length > 0 ? ports : undefined,
    firewall: { table: context.paths.table, chain: WATCHED_CHAIN, rules: WATCHED_RULES },
    repair: context.ownCommand('repair-networks'),
    lastOut: context.paths.lastOut,
    resolver: { config: resolver, rules: resolverRules },
    names: networking.nameService.hasResolver
      ? networking.attachments.map(({ network }) => names(network.definition.id))
      : [],
  };
}
