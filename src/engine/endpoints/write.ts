import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../host/replace-file.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { compileEndpoint, type EndpointSurroundings } from '../../network/files/network-file.ts';
import { networkAttributes } from '../events/network.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import type { NetworkedContainer, PreparedNetworking } from './prepare.ts';

/**
 * Writes what the monitor brings up, below RUN/ID, which is there: a file for each endpoint, and the file of ports; and
 * what resolvers read.
 */
export async function writeNetworks(context: Context, container: NetworkedContainer): Promise<void> {
  const { id, networking, endpoints } = container;
  if (networking === undefined) return;
  mkdirSync(containerPaths(context.paths, id).networks, { recursive: true, mode: 0o700 });
  const { hasResolver } = networking.nameService;
  if (hasResolver) await writeNames(context, container, networking);
  for (const endpoint of endpoints) await writeEndpoint(context, endpoint, hasResolver);
  await writePorts(context, id, endpoints);
}

/** Loaded for those who have a resolver: on the default network as a rule there is none. */
async function writeNames(
  context: Context,
  container: NetworkedContainer,
  { nameService }: PreparedNetworking,
): Promise<void> {
  const { writeEndpointNames, writeResolverConfig } = await import('./resolver-files.ts');
  const { endpoints } = container;
  for (const endpoint of endpoints) writeEndpointNames(context, container, endpoint);
  writeResolverConfig(context, container, { endpoints, nameService });
}

/** Writes the network file of one endpoint. Returns its path. */
export async function writeEndpoint(
  context: Context,
  endpoint: Endpoint,
  hasNames: boolean,
): Promise<string> {
  const paths = containerPaths(context.paths, endpoint.containerId);
  const attributes = { container: endpoint.containerId, ...networkAttributes(endpoint.network) };
  const file = join(paths.networks, endpoint.interfaceName);
  const bytes = compileEndpoint(endpoint, {
    elements: await elementsOf(context, endpoint),
    eventAttributes: JSON.stringify(attributes).slice(1, -1),
    namesFile: hasNames ? paths.names(endpoint.network.id) : undefined,
  });
  replaceFile(file, bytes, 0o600);
  return file;
}

/** Loaded for those who publish something that the firewall translates: most publish nothing. */
async function elementsOf({ paths }: Context, endpoint: Endpoint): Promise<EndpointSurroundings['elements']> {
  if (endpoint.ports.length === 0) return undefined;
  const { publishElements, withdrawElements } = await import('../../network/nft/elements.ts');
  const publish = publishElements(paths.table, endpoint);
  return publish.length === 0 ? undefined : { publish, withdraw: withdrawElements(paths.table, endpoint) };
}

/** Writes the file of the ports that are held; without any there is none. */
export async function writePorts(
  context: Context,
  id: string,
  endpoints: readonly Endpoint[],
): Promise<void> {
  const publishing = endpoints.find(({ ports }) => ports.length > 0);
  if (publishing === undefined) return;
  const { compilePorts } = await import('../../network/files/ports-file.ts');
  replaceFile(containerPaths(context.paths, id).ports, compilePorts(publishing.ports, publishing), 0o600);
}
