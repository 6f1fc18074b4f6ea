import { dirname } from 'node:path';
import { makeOwnDirectory } from '../host/own-file.ts';
import { readText } from '../host/read-text.ts';
import { replaceFile } from '../host/replace-file.ts';
import type { Endpoint } from '../network/definition.ts';
import { namesText } from '../network/names-file.ts';
import { resolverRules } from '../network/nft/resolver-rules.ts';
import { parseResolvConf } from '../network/resolv-conf.ts';
import { resolverText } from '../network/resolver-config.ts';
import type { Context } from './context.ts';
import type { NetworkOptions } from './create-options.ts';
import { endpointNames } from './endpoint-names.ts';
import { DEFAULT_NETWORK } from './network-store.ts';
import type { PreparedContainer } from './prepare-container.ts';
import { networkPaths, type PreparedNetworking } from './prepare-networking.ts';

type Named = Pick<PreparedContainer, 'id' | 'name' | 'options'>;

/**
 * Tells the resolvers of a network by what names a container is found there. On the default one there are none, and the
 * network file of a container that was born there alone would leave the file behind.
 */
export function writeEndpointNames(context: Context, container: Named, endpoint: Endpoint): void {
  const { network, address4, address6 } = endpoint;
  if (network.name === DEFAULT_NETWORK) return;
  const attachment = container.options.network?.attachments.find((each) => each.network === network.id);
  const names = endpointNames(container as Parameters<typeof endpointNames>[0], network, attachment ?? {});
  const addresses = [address4, address6].filter((address) => address !== undefined);
  const qualified = names.names.map((name) => `${name}.${network.name}`);
  const text = namesText({ addresses, names: [...names.names, ...qualified], reverse: names.reverse });
  writeForResolvers(networkPaths(context, container.id).names(network.id), text);
}

/** Tells the resolver of a container whose names it may tell, and whom it asks for others. */
export function writeResolverConfig(
  context: Context,
  { id, options, networking }: Named & { networking: Pick<PreparedNetworking, 'endpoints'> },
): void {
  const { network } = options;
  const networks = networking.endpoints.map((endpoint) => endpoint.network);
  const text = resolverText({
    networks: networks.map((each) => each.id),
    aliases: (network?.links ?? []).map(({ container, alias }) => ({ name: alias, other: container })),
    ...upstreams(
      network,
      networks.every(({ internal }) => internal),
    ),
  });
  const { resolver, resolverRules: rules } = networkPaths(context, id);
  writeForResolvers(resolver, text);
  replaceFile(rules, resolverRules(), 0o600);
}

/** Servers of the user's are where the container is, those of the host where the host is. Nothing leaves internal networks. */
function upstreams(
  network: NetworkOptions | undefined,
  isInternal: boolean,
): { upstreams: string[]; forward: 'host' | 'container' | 'none' } {
  if (isInternal) return { upstreams: [], forward: 'none' };
  const servers = network?.dns?.servers ?? [];
  if (servers.length > 0) return { upstreams: servers, forward: 'container' };
  return { upstreams: [...parseResolvConf(readText('/etc/resolv.conf') ?? '').servers], forward: 'host' };
}

/** Resolvers have no rights: what they read is for everybody who gets there, which below RUN only they do. */
function writeForResolvers(file: string, text: string): void {
  makeOwnDirectory(dirname(file), 0o755);
  replaceFile(file, text, 0o644);
}
