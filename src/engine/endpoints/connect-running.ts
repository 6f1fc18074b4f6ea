import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { isAlive } from '../../host/process.ts';
import { familyOf } from '../../network/address/address-text.ts';
import type { Endpoint, NetworkDefinition } from '../../network/address/definition.ts';
import type { NameService } from '../../network/files/name-service.ts';
import { compileDeparture, compileRoutes } from '../../network/files/network-file.ts';
import { requestRenewal, requestWait } from '../../runtime/monitor/client.ts';
import { leadOut, releaseAddresses } from '../leases/addresses.ts';
import { movePorts, portsOf } from '../leases/ports.ts';
import { performNetwork, performNetworkFile } from '../networks/perform.ts';
import { repairNetworks } from '../networks/repair.ts';
import type { CreateOptions } from '../options/create.ts';
import { interfaceNameOf } from '../options/network.ts';
import { inRun, type RunningContainer, sameMonitor } from '../state/lock.ts';
import { settleContainer } from '../state/settle.ts';
import { isIdle } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, changeOptions } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { egressOf, hasGateway, type LeadsOut, leaseEndpoint, publishingEndpoint } from './assign.ts';
import type { ResolvedAttachment } from './attachment.ts';
import { editHosts, showResolver } from './edit-hosts.ts';
import { containerNameService } from './name-service.ts';
import { writeEndpointNames, writeResolverConfig } from './resolver-files.ts';
import { runningAttachments, runningEndpoints } from './running.ts';
import { writeEndpoint, writePorts } from './write.ts';

type Change = (options: CreateOptions) => CreateOptions;

/**
 * Connects a container that runs, whose lock is held: addresses, names, then the links in its namespace; all of it or
 * nothing. Should the run end meanwhile, it is connected from its next start. Throws `RunIsOver` before anything is done.
 * False: see `editHosts`.
 */
export async function connectRunning(
  context: Context,
  container: RunningContainer,
  { resolved, change }: { resolved: Omit<ResolvedAttachment, 'interfaceName'>; change: Change },
): Promise<boolean> {
  const { row } = container;
  const before = runningEndpoints(context, row);
  const interfaceName = freeInterface(before, interfaceNameOf(resolved.attachment));
  const { endpoint, options } = inRun(context, container, () => ({
    options: changeOptions(context.database, row, change),
    endpoint: leaseEndpoint(
      context,
      { ...resolved, interfaceName },
      {
        id: row.id,
        name: row.name,
        before: new Map(),
        leadsOut: newEgress(before, resolved.network.definition),
      },
    ),
  }));
  let isUp = false;
  try {
    const connected = { ...row, options };
    await offerNames(context, connected, [...before, endpoint]);
    await bringUp(context, container, endpoint);
    isUp = true;
    if (before.every(({ ports }) => ports.length === 0)) await publishAgain(context, connected);
    return editHosts(context, connected, { added: [endpoint.address4, endpoint.address6], removed: [] });
  } catch (error) {
    if (!(await undoConnection(context, container, { endpoint, isUp }))) return true;
    updateResolver(context, row, before);
    throw error;
  } finally {
    await forgetEnded(context, container, [...before, endpoint]);
  }
}

/**
 * Takes away what resolvers read of a container whose first process has ended: the teardown may have passed before it was
 * written. Once the container is being started again, which begins with a transaction, it is of its next run.
 */
async function forgetEnded(
  context: Context,
  { row, status }: RunningContainer,
  endpoints: readonly Endpoint[],
): Promise<void> {
  if (isAlive(status.record.init)) return;
  await requestWait(containerPaths(context.paths, row.id).control);
  await settleContainer(context, row.id);
  context.database.transaction(() => {
    if (!isIdle(context, row)) return;
    const { resolver, names } = containerPaths(context.paths, row.id);
    for (const { network } of endpoints) rmSync(names(network.id), { force: true });
    rmSync(resolver, { force: true });
  });
}

/**
 * Decides in which families a new network leads out: where nothing led out so far. A network that leads out does so as
 * long as the container runs.
 */
function newEgress(before: readonly Endpoint[], network: NetworkDefinition): LeadsOut {
  const leads = (family: 4 | 6): boolean => !network.internal && hasGateway(network, family);
  return {
    4: leads(4) && !before.some(({ isGateway4 }) => isGateway4),
    6: leads(6) && !before.some(({ isGateway6 }) => isGateway6),
  };
}

function freeInterface(before: readonly Endpoint[], wanted: string | undefined): string {
  const taken = before.map(({ interfaceName }) => interfaceName);
  if (wanted !== undefined) {
    if (!taken.includes(wanted)) return wanted;
    throw new EngineError('conflict', `the container has an interface ${wanted} already`, {
      subject: wanted,
    });
  }
  for (let index = 0; ; index += 1) if (!taken.includes(`eth${index}`)) return `eth${index}`;
}

/**
 * Lets others find the container by its names, and the container find them: a resolver is started where there was none.
 */
async function offerNames(
  context: Context,
  row: ContainerRow,
  endpoints: readonly Endpoint[],
): Promise<void> {
  const nameService = nameServiceOf(row, endpoints);
  const isNew = !existsSync(containerPaths(context.paths, row.id).resolver);
  if (isNew && !nameService.hasResolver) return;
  for (const endpoint of endpoints) writeEndpointNames(context, row, endpoint);
  writeResolverConfig(context, row, { endpoints, nameService });
  if (!isNew) return;
  await requestRenewal(containerPaths(context.paths, row.id).control);
  showResolver(context, row, nameService.resolvConf);
}

/** Tells a resolver that is there what its container is on now. */
function updateResolver(context: Context, row: ContainerRow, endpoints: readonly Endpoint[]): void {
  if (existsSync(containerPaths(context.paths, row.id).resolver))
    writeResolverConfig(context, row, { endpoints, nameService: nameServiceOf(row, endpoints) });
}

function nameServiceOf({ options }: ContainerRow, endpoints: readonly Endpoint[]): NameService {
  return containerNameService(
    endpoints.map(({ network }) => network),
    options.network,
  );
}

/** Writes the network file of an endpoint and performs it; a bridge or table that is missing is made first. */
async function bringUp(context: Context, { status }: RunningContainer, endpoint: Endpoint): Promise<void> {
  await repairNetworks(context);
  const file = await writeEndpoint(context, endpoint, true);
  await performNetwork(context, file, 'up', processWords(status));
}

/**
 * False: the container's monitor is gone, and what was leased and saved is for its next start, or went with it. A monitor
 * that has started it again meanwhile has brought up what it found.
 */
async function undoConnection(
  context: Context,
  container: RunningContainer,
  { endpoint, isUp }: { endpoint: Endpoint; isUp: boolean },
): Promise<boolean> {
  const { id } = container.row;
  const { network, interfaceName } = endpoint;
  const { networks, names } = containerPaths(context.paths, id);
  const now = sameMonitor(context, container);
  const isThere = isUp || now?.status.record.init.pid !== container.status.record.init.pid;
  // What it throws counts less than why it is undone.
  if (now !== undefined && isThere) await takeDown(context, now, endpoint).catch(() => {});
  return context.database.transaction(() => {
    const isSame = sameMonitor(context, container) !== undefined;
    // Once it is being started, which begins with a transaction, the names are those of its next run.
    if (isSame || isIdle(context, container.row)) rmSync(names(network.id), { force: true });
    if (!isSame) return false;
    rmSync(join(networks, interfaceName), { force: true });
    releaseAddresses(context.database, id, network.id);
    changeOptions(context.database, container.row, (options) => without(options, network.id));
    return true;
  });
}

function without(options: CreateOptions, networkId: string): CreateOptions {
  const { network } = options;
  if (network === undefined) return options;
  return {
    ...options,
    network: { ...network, attachments: network.attachments.filter((each) => each.network !== networkId) },
  };
}

/**
 * Takes a container that runs, whose lock is held, off a network: its ports lead to it by another one, if there is one
 * that can. The row changes when the link is gone: one who is killed before can do it again. False: see `editHosts`.
 */
export async function disconnectRunning(
  context: Context,
  container: RunningContainer,
  { network, change }: { network: Pick<NetworkDefinition, 'id' | 'name'>; change: Change },
): Promise<boolean> {
  const { row } = container;
  change(row.options);
  const endpoint = runningEndpoints(context, row).find((each) => each.network.id === network.id);
  if (endpoint === undefined) {
    inRun(context, container, () => changeOptions(context.database, row, change));
    return true;
  }
  await takeDown(context, container, endpoint);
  const options = inRun(context, container, () => {
    rmSync(join(containerPaths(context.paths, row.id).networks, endpoint.interfaceName), { force: true });
    releaseAddresses(context.database, row.id, network.id);
    return changeOptions(context.database, row, change);
  });
  const left = { ...row, options };
  updateResolver(context, left, runningEndpoints(context, left));
  const isEdited = editHosts(context, left, { added: [], removed: [endpoint.address4, endpoint.address6] });
  await leadOutAgain(context, { ...container, row: left }, endpoint);
  await publishAgain(context, left);
  await forgetEnded(context, container, [endpoint]);
  return isEdited;
}

/**
 * Takes the links of an endpoint down, by a copy of its network file: by its own name that may be another run's, once
 * this one is over. The monitor passes over names that begin with a dot.
 */
async function takeDown(context: Context, container: RunningContainer, endpoint: Endpoint): Promise<void> {
  const { networks } = containerPaths(context.paths, container.row.id);
  const copy = join(networks, `.${endpoint.interfaceName}`);
  inRun(context, container, () => copyFileSync(join(networks, endpoint.interfaceName), copy));
  if (endpoint.network.driver === 'macvlan')
    await performNetworkFile(context, compileDeparture(endpoint), 'up', processWords(container.status));
  await performNetwork(context, copy, 'down');
  rmSync(copy, { force: true });
}

/** Gives the routes of a network that is lost to the next one that leads out. */
async function leadOutAgain(
  context: Context,
  { row, status }: RunningContainer,
  lost: Endpoint,
): Promise<void> {
  const attachments = runningAttachments(context, row);
  for (const family of [4, 6] as const) {
    const egress = (family === 4 ? lost.isGateway4 : lost.isGateway6)
      ? egressOf(attachments, family)
      : undefined;
    const lease = egress?.own.find(({ address }) => familyOf(address) === family);
    if (lease === undefined) continue;
    leadOut(context.database, lease.networkId, lease.address);
    const endpoint = runningEndpoints(context, row).find(({ network }) => network.id === lease.networkId);
    if (endpoint === undefined) continue;
    await writeEndpoint(context, endpoint, true);
    const routes = compileRoutes({ ...endpoint, isGateway4: family === 4, isGateway6: family === 6 });
    await performNetworkFile(context, routes, 'up', processWords(status));
  }
}

/** Ports that no network leads to any more are published on the next one that can; the firewall learns it by its repair. */
async function publishAgain(context: Context, row: ContainerRow): Promise<void> {
  const { database } = context;
  const endpoints = runningEndpoints(context, row);
  const ports = portsOf(database, row.id);
  if (ports.length === 0 || endpoints.some((endpoint) => endpoint.ports.length > 0)) return;
  const next = publishingEndpoint(endpoints);
  if (next === undefined) return;
  movePorts(database, row.id, next.network.id);
  await writeEndpoint(context, { ...next, ports }, true);
  await writePorts(context, row.id, [{ ...next, ports }]);
  await requestRenewal(containerPaths(context.paths, row.id).control);
  await repairNetworks(context);
}

/** The first process, whose network namespace is meant. */
function processWords({ record: { init } }: RunningContainer['status']): string[] {
  return [String(init.pid), String(init.startTime)];
}
