import { EngineError } from '../../errors.ts';
import type { DeviceRuleSpec, DeviceSpec, MountSpec } from '../../oci/runtime-config.ts';
import type { ContainerOptions } from '../options.ts';
import { DEFAULT_DEVICE_RULES, DEFAULT_DEVICES, DEV_LINKS } from './defaults.ts';
import { hostDevices, type MappedDevice, mapDevices, parseDeviceRule, ruleOf } from './devices.ts';
import type { HostFacts } from './host-facts.ts';

/** The part of a container's spec that its devices need. */
export interface DevicePart {
  /** Nodes below /dev, or wherever they are asked for. */
  nodes: DeviceSpec[];
  /** The devices that are bound: with a user namespace, where no node can be made, those whose path is not the host's. */
  binds: MountSpec[];
  /** undefined: this host cannot enforce any. */
  rules: DeviceRuleSpec[] | undefined;
}

const EVERYTHING: DeviceRuleSpec = { allow: true, access: 'rwm' };

/**
 * The devices of a container: the default ones, those asked for, and all of the host for a privileged one. Throws what
 * `mapDevices` and `parseDeviceRule` do, and `unsupported` for what only device rules could do on a host without them.
 */
export function devicePart({ devices, security, namespaces }: ContainerOptions, host: HostFacts): DevicePart {
  const { deviceControl } = host;
  const { devices: mappings = [], cgroupRules = [] } = devices;
  if (!security.privileged && mappings.length === 0 && cgroupRules.length === 0) {
    // Nearly every container: its start is measured in microseconds.
    return {
      nodes: [...DEFAULT_DEVICES],
      binds: [],
      rules: deviceControl ? [...DEFAULT_DEVICE_RULES] : undefined,
    };
  }
  if (!deviceControl && !security.privileged) checkWithoutRules(devices);
  const asked = mappings.map((mapping) => ({ mapping, found: mapDevices(mapping, host.devices) }));
  const added = cgroupRules.map(parseDeviceRule);
  const all = security.privileged ? hostDevices(host.devices).filter(isNoLink) : [];
  const found = asked.flatMap((one) => one.found);
  const isBound = ({ source, path }: MappedDevice) => namespaces.user !== 'host' && source !== path;
  const nodes = [...all, ...found.filter((device) => !isBound(device))].map(withoutSource);
  return {
    nodes: uniqueByPath([...DEFAULT_DEVICES, ...nodes]),
    binds: found.filter(isBound).map(({ source, path }) => {
      return { destination: path, type: 'bind', source, options: ['bind', 'rprivate'] };
    }),
    rules: rules(),
  };

  function rules(): DeviceRuleSpec[] | undefined {
    if (!deviceControl) return undefined;
    if (security.privileged) return [EVERYTHING];
    const ofDevices = asked.flatMap(({ mapping, found }) =>
      found.map((device) => ruleOf(device, mapping.access)),
    );
    return [...DEFAULT_DEVICE_RULES, ...ofDevices, ...added];
  }
}

/**
 * Checks devices where no rules can be enforced: a node can be opened in every way or, outside of /dev, not at all, as
 * the root is `nodev`.
 */
function checkWithoutRules({ devices = [], cgroupRules = [] }: ContainerOptions['devices']): void {
  const partial = devices.find(
    ({ container, access }) => !isEverything(access) || !container.startsWith('/dev/'),
  );
  const subject = cgroupRules[0] ?? partial?.host;
  if (subject === undefined) return;
  const what = cgroupRules.length > 0 ? `the device rule "${subject}"` : `the access to device ${subject}`;
  throw new EngineError(
    'unsupported',
    `${what} needs the cgroup controller "devices", which cannot be used here`,
    {
      subject,
      hint: 'inside of a container start that one with --privileged; access rwm to a path in /dev needs no rules',
    },
  );
}

function isEverything(access: string): boolean {
  return ['r', 'w', 'm'].every((letter) => access.includes(letter));
}

/** /dev/ptmx is a device of the host and a link in a container. */
function isNoLink({ path }: DeviceSpec): boolean {
  return !DEV_LINKS.some(([link]) => link === path);
}

function withoutSource({ source: _, ...device }: MappedDevice): DeviceSpec {
  return device;
}

/** The last one for a path wins, in the place of the first. */
function uniqueByPath(devices: readonly DeviceSpec[]): DeviceSpec[] {
  return [...new Map(devices.map((device) => [device.path, device])).values()];
}
