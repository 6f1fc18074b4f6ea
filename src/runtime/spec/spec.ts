import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import { cgroupsPathOf } from '../cgroup/paths.ts';
import type { ContainerOptions } from '../options.ts';
import { MASKED_PATHS, PRIVATE_NETWORK_SYSCTLS, READONLY_PATHS } from './defaults.ts';
import { devicePart } from './devices-part.ts';
import type { HostFacts } from './host-facts.ts';
import { mountSpecs } from './mounts.ts';
import { checkCombinations, nameSpec, namespaceSpec } from './namespaces.ts';
import { processSpec } from './process.ts';
import { linuxResources } from './resources.ts';
import { checkedSysctls } from './sysctls.ts';

/**
 * The runtime-spec `config.json` of a container: its options on top of Docker's defaults. Pure but for the looks at
 * the host that `host` is asked for. Everything that can be refused is refused here: throws `invalid` for what cannot
 * be, `unsupported` for what this host cannot do, `notFound` for devices that are not there, each naming the value.
 */
export function createSpec(options: ContainerOptions, host: HostFacts): RuntimeSpec {
  const { identity, rootfs, files, namespaces, security, resources } = options;
  checkCombinations(options, host);
  const devices = devicePart(options, host);
  const hidden = security.privileged || security.unmaskedPaths ? NOTHING_HIDDEN : hiddenPaths(host);
  return {
    ociVersion: '1.2.0',
    process: processSpec(options, host),
    root: { path: rootfs.mountPoint, readonly: files.readOnly === true },
    ...nameSpec(namespaces),
    mounts: [...mountSpecs(options, host), ...devices.binds],
    linux: {
      ...namespaceSpec(namespaces),
      resources: {
        ...linuxResources(resources, host.cpus),
        ...(devices.rules === undefined ? {} : { devices: devices.rules }),
      },
      cgroupsPath: cgroupsPathOf(identity.id, resources.cgroupParent),
      ...hidden,
      devices: devices.nodes,
      sysctl: { ...defaultSysctls(options), ...checkedSysctls(security.sysctls ?? {}, namespaces) },
    },
    ...(options.annotations === undefined ? {} : { annotations: { ...options.annotations } }),
  };
}

/** Whether system calls are filtered when nobody says how: Docker filters those of a privileged container only if told. */
export function isFilteredByDefault({ security }: Pick<ContainerOptions, 'security'>): boolean {
  return !security.privileged;
}

const NOTHING_HIDDEN = { maskedPaths: [], readonlyPaths: [] };

function hiddenPaths({ thermalThrottlePaths }: HostFacts) {
  return { maskedPaths: [...MASKED_PATHS, ...thermalThrottlePaths], readonlyPaths: [...READONLY_PATHS] };
}

/** Pings take groups that a user namespace does not have. */
function defaultSysctls({ namespaces }: ContainerOptions): Record<string, string> {
  if (namespaces.network !== 'new') return {};
  const { 'net.ipv4.ping_group_range': pings, ...others } = PRIVATE_NETWORK_SYSCTLS;
  return namespaces.user === 'host' ? { ...others, 'net.ipv4.ping_group_range': pings } : others;
}
