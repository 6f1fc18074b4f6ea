import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import type { HostMount, LogSettings, MemoryFiles } from '../options.ts';
import type { PlanRecord } from '../record.ts';
import { DEV_LINKS } from '../spec/defaults.ts';
import { deviceRecords, hiddenPaths, labelRecords, mountRecords, rootRecord } from './mounts.ts';
import { namespaceRecords } from './namespaces.ts';
import type { NetworkingPlacement, Placement } from './placement.ts';
import { confinementRecords, processRecords } from './process.ts';
import { supervisionRecords } from './supervision.ts';

/**
 * Compiles a `config.json` into the helper's plan (native/PLAN.md). Pure; the order of the records
 * is the order of the system calls. Throws `unsupported` for a mount option that the helper does not know.
 */
export function compilePlan(spec: RuntimeSpec, placement: Placement): PlanRecord[] {
  return [
    ...general(spec, placement),
    ['setup'],
    ...placement.cgroup.setup,
    ...(placement.hostMounts ?? []).map(hostMountRecord),
    ...labelRecords(spec, placement),
    ['init'],
    ...init(spec, placement),
    ['process'],
    ...processRecords(spec.process, placement.process),
    ['teardown'],
    ...teardown(placement),
  ];
}

function general(spec: RuntimeSpec, placement: Placement): PlanRecord[] {
  const { identity, process: asked, log, stop, cgroup, failure } = placement;
  return [
    ['id', identity.id],
    ['rundir', identity.runDir],
    ['exit-record', identity.exitRecord],
    ...logRecords(log),
    stdinRecord(asked),
    ...(asked.terminal ? ([['terminal']] as const) : []),
    ['stop', String(stop.signal), String(stop.timeoutMs)],
    ...supervisionRecords(placement.supervision, cgroup.checks),
    ['failure', ...failure],
    ...namespaceRecords(spec.linux, placement.namespaces),
    ...confinementRecords(spec.process, placement.seccomp),
    ...cgroup.directories.map(({ version, path }): PlanRecord => ['cgroup', version, path]),
    ...cgroup.monitor.map(
      ({ version, path, back }): PlanRecord => ['monitor-cgroup', version, path, ...back],
    ),
    ...networkingRecords(placement.networking),
  ];
}

function stdinRecord({ stdin, stdinOnce }: Placement['process']): PlanRecord {
  if (stdin !== true) return ['stdin', 'null'];
  return stdinOnce === undefined ? ['stdin', 'open'] : ['stdin', 'open', stdinOnce ? 'once' : 'kept'];
}

function networkingRecords(networking: NetworkingPlacement | undefined): PlanRecord[] {
  if (networking === undefined) return [];
  const { networksDirectory, portsFile, firewall, repair, lastOut, resolver } = networking;
  return [
    ['networks', networksDirectory],
    ...(portsFile === undefined ? [] : [['ports', portsFile] as const]),
    ['firewall', firewall.table, firewall.chain, String(firewall.rules)],
    ['repair', ...repair],
    ...(lastOut === undefined ? [] : [['last-out', lastOut] as const]),
    ...(resolver === undefined ? [] : [['resolver', resolver.config, resolver.rules] as const]),
  ];
}

/**
 * Sources of binds are the host's paths, so all mounts come before the pivot. What is hidden or made read-only comes
 * after everything that is mounted, or a later mount would uncover it; sysctls come before /proc/sys is read-only;
 * the root is closed last, as TARGETs may still have to be made on it. Networks come up meanwhile.
 */
function init(spec: RuntimeSpec, placement: Placement): PlanRecord[] {
  const { linux } = spec;
  const ownNetwork = linux.namespaces.some(({ type, path }) => type === 'network' && path === undefined);
  return [
    // Private, not slave: nothing that the host mounts or unmounts from now on concerns this container.
    ['propagation', 'private'],
    rootRecord(spec, placement),
    ...memoryRecords(placement.memory),
    ...spec.mounts.flatMap((mount) => mountRecords(mount, placement)),
    ...(isDevOfTheHost(placement)
      ? []
      : [
          ...deviceRecords(linux.devices, placement),
          ...DEV_LINKS.map(([path, target]): PlanRecord => ['symlink', path, target]),
        ]),
    ...optional('hostname', spec.hostname),
    ...optional('domainname', spec.domainname),
    ...(ownNetwork ? ([['loopback']] as const) : []),
    ...Object.entries(linux.sysctl).map(([name, value]): PlanRecord => ['sysctl', name, value]),
    ['pivot'],
    ...hiddenPaths(spec, placement),
    ...(spec.root.readonly ? ([['root-readonly']] as const) : []),
    ...(placement.networking === undefined ? [] : ([['await-network']] as const)),
  ];
}

/** Nothing is made in a /dev that is a directory of the host, as in runc. */
function isDevOfTheHost({ mounts = [] }: Placement): boolean {
  return mounts.some(({ type, destination }) => type === 'bind' && destination === '/dev');
}

function memoryRecords(memory: MemoryFiles | undefined): PlanRecord[] {
  if (memory === undefined) return [];
  const { directory, files } = memory;
  return [
    ['memory', directory],
    ...files.map(({ name, mode, uid, gid, content }): PlanRecord => {
      const hex = Buffer.from(content).toString('hex');
      return ['memory-file', `${directory}/${name}`, mode.toString(8), String(uid), String(gid), hex];
    }),
  ];
}

function optional(op: string, value: string | undefined): PlanRecord[] {
  return value === undefined ? [] : [[op, value]];
}

function hostMountRecord({ directory, lock, type, device, flags, data }: HostMount): PlanRecord {
  return ['host-mount', directory, lock, type, device, flags.join(), data.join()];
}

/** With `--rm` the mark comes last: only when the files are gone may the row go. */
function teardown({
  identity: { autoRemove, containerDir },
  rootfs,
  cgroup,
  hostMounts = [],
  networking,
}: Placement): PlanRecord[] {
  const records = [
    ...cgroup.directories.map(({ path }): PlanRecord => ['rmdir-cgroup', path]),
    ...cgroup.monitor.map(({ path, back }): PlanRecord => ['vacate-cgroup', path, ...back]),
    ...hostMounts.map(({ directory, lock }): PlanRecord => ['host-unmount', directory, lock]),
    ...optional('unlink', networking?.resolver?.config),
    ...(networking?.names ?? []).map((file): PlanRecord => ['unlink', file]),
  ];
  if (autoRemove === false) return records;
  return [
    ...records,
    ...(rootfs.size === undefined ? [] : [['release-quota', rootfs.upper] as const]),
    ['remove-tree', containerDir, autoRemove.trash],
    ['touch', autoRemove.goneMark],
    ...(autoRemove.sweep === undefined ? [] : [['call', ...autoRemove.sweep] as const]),
  ];
}

function logRecords(log: LogSettings | undefined): PlanRecord[] {
  if (log === undefined) return [];
  const { driver, path, maxBytes, maxFiles, compress, attributes } = log;
  return [
    ['log', driver, path, String(maxBytes), String(maxFiles), compress === undefined ? 'plain' : 'compress'],
    ...Object.entries(attributes).map(([key, value]): PlanRecord => ['log-attribute', key, value]),
    ...(compress === undefined ? [] : [['log-compress', ...compress] as const]),
  ];
}
