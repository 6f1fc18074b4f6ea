import { statfsSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { EngineError } from '../../errors.ts';
import { readText } from '../../host/read-text.ts';
import { VERSION } from '../../host/version.ts';
import { shownProxies } from '../../registry/proxy.ts';
import { readRegistryFiles } from '../../registry/registry-files.ts';
import { HUB } from '../../registry/routes.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { readAppArmor } from '../../runtime/spec/host-facts.ts';
import type { AppArmorState } from '../../runtime/spec/lsm.ts';
import { usualProfile } from '../../runtime/spec/lsm.ts';
import { withPaused } from '../lifecycle/pause.ts';
import { findProfileParser } from '../prepare/apparmor.ts';
import { type Observed, observe } from '../state/observe.ts';
import { isUp } from '../state/status.ts';
import { allContainers } from '../store/containers.ts';
import type { Context, StorageDriver } from '../store/context.ts';
import { countImages } from '../store/images.ts';
import { allNetworks } from '../store/networks.ts';
import { decideStorageDriver, reasonForCopies } from '../store/storage-driver.ts';

/** The facts that `info` shows. Sizes in bytes. */
export interface EngineInfo {
  version: string;
  root: string;
  runtimeRoot: string;
  /** Those that are paused run, too. */
  containers: { total: number; running: number; paused: number; ended: number; created: number };
  images: number;
  /** How root file systems are made; `reason`: why not by overlay. */
  storageDriver: { name: StorageDriver; reason: string | undefined };
  cgroup: { mode: string; controllers: string[] };
  /** Absent: this host has no AppArmor. `profile`: of containers that ask for none; absent: none of their own. */
  apparmor: { profile: string | undefined } | undefined;
  /** Names, the predefined ones among them. */
  networks: readonly string[];
  /** As the caller, registries.conf and Docker's daemon.json say, loopback left out. */
  insecureRegistries: readonly string[];
  /** What is asked before each registry, or part of one, in order. */
  registryMirrors: readonly { of: string; mirrors: readonly string[] }[];
  /** Why what files say of registries is not known. */
  registryProblem: EngineError | undefined;
  /** Of registries, as they may be shown, by the variables that name them. */
  proxies: ReturnType<typeof shownProxies>;
  /** Whether the host forwards packets of IPv4, which containers on networks need: it is switched on for the first of them. */
  forwards4: boolean;
  kernel: string;
  operatingSystem: string;
  /** As os-release(5) has it: `VERSION_ID`. */
  osVersion: string;
  architecture: string;
  cpus: number;
  memory: number;
  hostname: string;
  storage: { free: number; total: number };
}

export async function engineInfo(context: Context): Promise<EngineInfo> {
  const { database, paths } = context;
  const layout = readCgroupLayout();
  const { bavail, blocks, bsize } = statfsSync(paths.root);
  return {
    version: VERSION,
    root: paths.root,
    runtimeRoot: paths.run,
    containers: await countContainers(context),
    images: countImages(database),
    storageDriver: { name: await decideStorageDriver(context), reason: reasonForCopies(context) },
    cgroup: {
      mode: layout.mode,
      controllers: [...new Set(layout.hierarchies.flatMap(({ controllers }) => controllers))],
    },
    apparmor: apparmorOf(readAppArmor()),
    networks: [
      ...new Set([
        'bridge',
        'host',
        'none',
        ...allNetworks(database).map(({ definition }) => definition.name),
      ]),
    ].sort(),
    ...(await registrySettings(context)),
    proxies: shownProxies(context.environment),
    forwards4: readText('/proc/sys/net/ipv4/ip_forward')?.trim() === '1',
    kernel: release(),
    operatingSystem: osRelease('PRETTY_NAME') ?? 'Linux',
    osVersion: osRelease('VERSION_ID') ?? '',
    architecture: arch() === 'x64' ? 'x86_64' : arch(),
    cpus: cpus().length,
    memory: totalmem(),
    hostname: hostname(),
    storage: { free: bavail * bsize, total: blocks * bsize },
  };
}

function osRelease(name: string): string | undefined {
  return new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(readText('/etc/os-release') ?? '')?.[1];
}

async function registrySettings({
  environment,
  insecureRegistries,
}: Context): Promise<Pick<EngineInfo, 'insecureRegistries' | 'registryMirrors' | 'registryProblem'>> {
  try {
    const { tables, daemon } = await readRegistryFiles(environment);
    const places = tables.flatMap(({ prefix, location = prefix, insecure, mirrors }) => [
      { location, insecure },
      ...mirrors,
    ]);
    const insecure = places.filter((place) => place.insecure).map(({ location }) => location);
    const mirrors = new Map(
      tables.map((table) => [table.prefix, table.mirrors.map(({ location }) => location)]),
    );
    mirrors.set(HUB, [...(mirrors.get(HUB) ?? []), ...daemon.mirrors.map(({ href }) => href)]);
    return {
      insecureRegistries: [...new Set([...insecureRegistries, ...daemon.insecure, ...insecure])],
      registryMirrors: [...mirrors]
        .map(([of, places]) => ({ of, mirrors: places }))
        .filter(({ mirrors }) => mirrors.length > 0),
      registryProblem: undefined,
    };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { insecureRegistries, registryMirrors: [], registryProblem: error };
  }
}

function apparmorOf(state: AppArmorState): EngineInfo['apparmor'] {
  if (state === 'off') return undefined;
  return { profile: usualProfile(state, { canLoad: findProfileParser() !== undefined }) };
}

async function countContainers(context: Context): Promise<EngineInfo['containers']> {
  const observed: Observed[] = [];
  for (const row of allContainers(context.database)) {
    const one = await observe(context, row);
    if (one !== undefined) observed.push(one);
  }
  const counts = { total: observed.length, running: 0, paused: 0, ended: 0, created: 0 };
  for (const { status } of withPaused(observed)) {
    if (isUp(status)) counts.running += 1;
    else if (status.state === 'exited') counts.ended += 1;
    else counts.created += 1;
    if (status.state === 'running' && status.paused === true) counts.paused += 1;
  }
  return counts;
}
