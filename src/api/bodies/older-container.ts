import type { CreateOptions, NetworkAttachment } from '../../engine/options/create.ts';
import type { MountOptions } from '../../engine/options/mounts.ts';
import { EngineError } from '../../errors.ts';
import type { JsonObject } from '../http/json.ts';

/** The version of the API since which there is each of these; clients of earlier ones cannot mean it. */
const SINCE = {
  autoRemove: 25,
  notRecursive: 40,
  privateIpc: 40,
  platform: 41,
  createSource: 42,
  annotations: 43,
  readOnlyInDepth: 44,
  startInterval: 44,
  severalNetworks: 44,
  endpointMac: 44,
  subpath: 45,
} as const;

/**
 * What a client of a version of the API asks for: what has come later it does not know of, and what was otherwise before is
 * as it was, as with Docker. Throws `invalid` for what would be another thing without it.
 */
export function createOptionsFor(version: number, options: CreateOptions): CreateOptions {
  if (version >= SINCE.subpath) return options;
  const { health, namespaces } = options;
  return {
    ...options,
    mounts: options.mounts?.map((mount) => mountFor(version, mount)),
    health: version < SINCE.startInterval && health ? { ...health, startIntervalMs: undefined } : health,
    annotations: version < SINCE.annotations ? undefined : options.annotations,
    platform: version < SINCE.platform ? undefined : options.platform,
    namespaces:
      version < SINCE.privateIpc ? { ...namespaces, ipc: namespaces.ipc ?? 'shareable' } : namespaces,
    autoRemove: version >= SINCE.autoRemove && options.autoRemove,
  };
}

function mountFor(version: number, mount: MountOptions): MountOptions {
  if ((mount.type === 'volume' || mount.type === 'image') && mount.subpath !== undefined)
    throw tooOld('a part of a volume', SINCE.subpath);
  if (mount.type !== 'bind') return mount;
  const isLong = mount.asked === 'mount';
  const { recursive } = mount;
  if (version < SINCE.readOnlyInDepth && recursive === 'readonly')
    throw tooOld('a mount that is read-only in depth', SINCE.readOnlyInDepth);
  const asked = version < SINCE.notRecursive && recursive === 'disabled' ? undefined : recursive;
  return {
    ...mount,
    recursive: asked ?? (version < SINCE.readOnlyInDepth && mount.readOnly === true ? 'writable' : undefined),
    ...(isLong && version < SINCE.createSource ? { createSource: undefined } : {}),
  };
}

/** The networks of a new container, by the names that its client gives them. Throws `invalid` for several, where there was one. */
export function endpointsFor(
  version: number,
  endpoints: ReadonlyMap<string, NetworkAttachment>,
): ReadonlyMap<string, NetworkAttachment> {
  if (version >= SINCE.endpointMac) return endpoints;
  if (endpoints.size > 1) throw tooOld('a container on several networks', SINCE.severalNetworks);
  return new Map([...endpoints].map(([name, endpoint]) => [name, endpointFor(version, endpoint)]));
}

/** The same of one network: its MAC address was what inspect had told. */
export function endpointFor(version: number, endpoint: NetworkAttachment): NetworkAttachment {
  const { mac: _told, ...asked } = endpoint;
  return version >= SINCE.endpointMac ? endpoint : asked;
}

/** What a client of this version is told of its request, besides what the engine says of it. */
export function createWarnings(version: number, config: JsonObject): string[] {
  if (version < SINCE.endpointMac || config.text('MacAddress') === undefined) return [];
  return [
    'The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.',
  ];
}

function tooOld(what: string, since: number): EngineError {
  return new EngineError('invalid', `${what} needs version 1.${since} of the API, or a newer one`);
}
