import { networkObject } from '../../engine/inspect/network.ts';
import { networkFilters } from '../../grammar/network-filters.ts';
import { collectPruneFilter } from '../../grammar/prune-filters.ts';
import { shownFor } from '../bodies/differences.ts';
import { networkOptions } from '../bodies/network.ts';
import { endpointSettings } from '../bodies/networking.ts';
import { LISTED_NETWORK, NETWORK } from '../bodies/older-answers.ts';
import { endpointFor } from '../bodies/older-container.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';
import { pruneFilters } from '../http/prune-filters.ts';

export async function listNetworks({ engine, query, reply, version }: Call): Promise<void> {
  const networks = await engine.networks.list(networkFilters(query.filters()));
  reply.json(networks.map(networkObject).map(shownFor(version, LISTED_NETWORK)));
}

export async function inspectNetwork({ engine, path, reply, version }: Call): Promise<void> {
  reply.json(shownFor(version, NETWORK)(networkObject(await engine.networks.get(path.id ?? ''))));
}

/** NetworkCreate. */
export async function createNetwork({ engine, body, reply, version }: Call): Promise<void> {
  const id = await engine.networks.create(networkOptions(new JsonObject(await body()), version));
  reply.json({ Id: id, Warning: '' }, { status: 201 });
}

export async function removeNetwork({ engine, path, reply }: Call): Promise<void> {
  await engine.networks.remove(path.id ?? '', { force: false });
  reply.empty();
}

export async function pruneNetworks({ engine, query, reply }: Call): Promise<void> {
  const deleted = await engine.networks.prune(pruneFilters(query.filters(), collectPruneFilter));
  reply.json({ NetworksDeleted: deleted.length === 0 ? null : deleted });
}

/** NetworkConnect. */
export async function connectContainer({ engine, path, body, reply, version }: Call): Promise<void> {
  const request = new JsonObject(await body());
  const container = request.text('Container');
  if (container === undefined) throw request.refusal('Container', 'no container is named');
  const attachment = endpointFor(version, endpointSettings(path.id ?? '', request.part('EndpointConfig')));
  await engine.networks.connect(attachment, container);
  reply.empty(200);
}

/** NetworkDisconnect. */
export async function disconnectContainer({ engine, path, body, reply }: Call): Promise<void> {
  const request = new JsonObject(await body());
  const container = request.text('Container');
  if (container === undefined) throw request.refusal('Container', 'no container is named');
  await engine.networks.disconnect(path.id ?? '', container, { force: request.flag('Force') === true });
  reply.empty(200);
}
