import { statfsSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { readText } from '../../host/read-text.ts';
import { VERSION } from '../../host/version.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { readAppArmor } from '../../runtime/spec/host-facts.ts';
import type { AppArmorState } from '../../runtime/spec/lsm.ts';
import { usualProfile } from '../../runtime/spec/lsm.ts';
import { findProfileParser } from '../prepare/apparmor.ts';
import { observe } from '../state/observe.ts';
import { isUp } from '../state/status.ts';
import { allContainers } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { countImages } from '../store/images.ts';
import { allNetworks } from '../store/networks.ts';

/** The facts that `info` shows. Sizes in bytes. */
export interface EngineInfo {
  version: string;
  root: string;
  runtimeRoot: string;
  containers: { total: number; running: number; ended: number; created: number };
  images: number;
  overlay: boolean;
  cgroup: { mode: string; controllers: string[] };
  /** Absent: this host has no AppArmor. `profile`: of containers that ask for none; absent: none of their own. */
  apparmor: { profile: string | undefined } | undefined;
  /** Names, the predefined ones among them. */
  networks: readonly string[];
  insecureRegistries: readonly string[];
  kernel: string;
  operatingSystem: string;
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
    overlay: /^nodev\toverlay$/m.test(readText('/proc/filesystems') ?? ''),
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
    insecureRegistries: context.insecureRegistries,
    kernel: release(),
    operatingSystem: /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release') ?? '')?.[1] ?? 'Linux',
    architecture: arch() === 'x64' ? 'x86_64' : arch(),
    cpus: cpus().length,
    memory: totalmem(),
    hostname: hostname(),
    storage: { free: bavail * bsize, total: blocks * bsize },
  };
}

function apparmorOf(state: AppArmorState): EngineInfo['apparmor'] {
  if (state === 'off') return undefined;
  return { profile: usualProfile(state, { canLoad: findProfileParser() !== undefined }) };
}

async function countContainers(context: Context): Promise<EngineInfo['containers']> {
  const counts = { total: 0, running: 0, ended: 0, created: 0 };
  for (const row of allContainers(context.database)) {
    const observed = await observe(context, row);
    if (observed === undefined) continue;
    counts.total += 1;
    if (isUp(observed.status)) counts.running += 1;
    else if (observed.status.state === 'exited') counts.ended += 1;
    else counts.created += 1;
  }
  return counts;
}
