import { dirname } from 'node:path';
import { makeOwnDirectory } from '../../host/own-file.ts';
import { replaceFile } from '../../host/replace-file.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import type { NameService } from '../../network/files/name-service.ts';
import { namesText } from '../../network/files/names-file.ts';
import { resolverText } from '../../network/files/resolver-config.ts';
import { resolverRules } from '../../network/nft/resolver-rules.ts';
import { DEFAULT_NETWORK, linksOf } from '../options/network.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import { endpointNames } from './names.ts';
import type { NetworkedContainer } from './prepare.ts';

type Named = Pick<NetworkedContainer, 'id' | 'name' | 'options'>;

/**
 * Tells the resolvers of a network by what names a container is found there. On the default one there are none, and the
 * network file of a container that was born there alone would leave the file behind.
 */
export function writeEndpointNames(context: Context, container: Named, endpoint: Endpoint): void {
  const { network, address4, address6 } = endpoint;
  if (network.name === DEFAULT_NETWORK) return;
  const attachment = container.options.network?.attachments.find((each) => each.network === network.id);
  const names = endpointNames(container, network, attachment ?? {});
  const addresses = [address4, address6].filter((address) => address !== undefined);
  const qualified = names.names.map((name) => `${name}.${network.name}`);
  const text = namesText({ addresses, names: [...names.names, ...qualified], reverse: names.reverse });
  writeForResolvers(containerPaths(context.paths, container.id).names(network.id), text);
}

/** Tells the resolver of a container whose names it may tell, and whom it asks for others. */
export function writeResolverConfig(
  context: Context,
  { id, options }: Named,
  { endpoints, nameService }: { endpoints: readonly Endpoint[]; nameService: NameService },
): void {
  const text = resolverText({
    networks: endpoints.map(({ network }) => network.id),
    aliases: linksOf(options.network).map(({ container, alias }) => ({
      name: alias,
      other: container,
    })),
    upstreams: nameService.upstreams,
    forward: nameService.forward,
  });
  const { resolver, resolverRules: rules } = containerPaths(context.paths, id);
  writeForResolvers(resolver, text);
  replaceFile(rules, resolverRules(), 0o600);
}

/**
 * Writes a file for resolvers. They have no rights: what they read is for everybody who gets there, which below RUN
 * only they do.
 */
function writeForResolvers(file: string, text: string): void {
  makeOwnDirectory(dirname(file), 0o755);
  replaceFile(file, text, 0o644);
}
