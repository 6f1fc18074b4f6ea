import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { DeviceRuleSpec, DeviceSpec } from '../../oci/runtime-config.ts';
import type { HostDevices, HostNode } from './host-facts.ts';

/** A device of the host and its path in the container. */
export interface MappedDevice extends DeviceSpec {
  /** The device's path on the host. */
  source: string;
}

/** `--device`. `access` is of `rwm`. */
interface DeviceMapping {
  host: string;
  container: string;
  access: string;
}

/**
 * The nodes that `--device` means: one device, or all below a directory; links are followed to what they name, owner
 * and mode are the host's. Throws `notFound` for what is not there, `invalid` for what is not a device, for paths
 * that are not absolute and for an access that is not of `rwm`.
 */
export function mapDevices({ host, container, access }: DeviceMapping, look: HostDevices): MappedDevice[] {
  if (!/^[rwm]{1,3}$/.test(access)) {
    throw invalidDevice(
      host,
      `"${access}" is not an access to it`,
      'say which of r, w and m (read, write, mknod)',
    );
  }
  if (!host.startsWith('/') || !container.startsWith('/')) {
    throw invalidDevice(host, 'its paths are not absolute', 'write HOST[:CONTAINER[:rwm]], as in /dev/fuse');
  }
  const [source, path] = [posix.normalize(host), posix.normalize(container)];
  const node = look.at(source);
  if (node === undefined) {
    throw new EngineError('notFound', `device ${host} does not exist on the host`, { subject: host });
  }
  const found = node.kind === 'directory' ? devicesBelow(source, path, look) : deviceAt(source, path, node);
  if (found.length > 0) return found;
  const why =
    node.kind === 'directory' ? 'it has no devices in it' : 'it is neither a device nor a directory';
  throw invalidDevice(host, why, 'to show a file or directory as it is, mount it');
}

function invalidDevice(host: string, why: string, hint: string): EngineError {
  return new EngineError('invalid', `device ${host} cannot be added: ${why}`, { subject: host, hint });
}

function deviceAt(source: string, path: string, node: HostNode | undefined): MappedDevice[] {
  if (node?.kind !== 'device') return [];
  const { type, major, minor, mode, uid, gid } = node;
  return [{ source, path, type, major, minor, fileMode: mode, uid, gid }];
}

/** Links are followed to devices, as /dev/disk is full of them, but not into directories: they may lead around. */
function devicesBelow(source: string, path: string, look: HostDevices): MappedDevice[] {
  return look.list(source).flatMap(({ name, type }) => {
    const [from, to] = [posix.join(source, name), posix.join(path, name)];
    return type === 'directory' ? devicesBelow(from, to, look) : deviceAt(from, to, look.at(from));
  });
}

/** Directories of /dev that a container has itself, or that hold what is no device. */
const NOT_OF_THE_HOST = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']);

/** Lists the devices of the host's /dev but its console, for a privileged container; links stay what they are. */
export function hostDevices(look: HostDevices, directory = '/dev'): MappedDevice[] {
  return look.list(directory).flatMap(({ name, type }) => {
    const path = posix.join(directory, name);
    if (type === 'directory') return NOT_OF_THE_HOST.has(name) ? [] : hostDevices(look, path);
    return type === 'link' || name === 'console' ? [] : deviceAt(path, path, look.at(path));
  });
}

/** The rule that a device itself asks for. */
export function ruleOf({ type, major, minor }: DeviceSpec, access: string): DeviceRuleSpec {
  return { allow: true, type, major, minor, access };
}

/**
 * `--device-cgroup-rule`, as Docker and the devices cgroup read it: `c 1:3 rwm`, `b *:* r`, `a`. Throws `invalid`.
 */
export function parseDeviceRule(text: string): DeviceRuleSpec {
  const [, type, major, minor, access] =
    /^([acb]) (\d{1,10}|\*):(\d{1,10}|\*) ([rwm]{1,3})$/.exec(text === 'a' ? 'a *:* rwm' : text) ?? [];
  if (type === undefined || major === undefined || minor === undefined || access === undefined) {
    throw new EngineError('invalid', `invalid device cgroup rule "${text}"`, {
      subject: text,
      hint: 'write TYPE MAJOR:MINOR ACCESS, as in "c 10:229 rwm" or "b 8:* r"',
    });
  }
  // For the kernel `a` is everything, whatever the numbers say.
  if (type === 'a') return { allow: true, type, access: 'rwm' };
  return {
    allow: true,
    type: type as 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}
