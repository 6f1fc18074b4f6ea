import type {
  CreateOptions,
  NamespaceOptions,
  NetworkAttachment,
  NetworkOptions,
  PortMapping,
} from '../../engine/options/create.ts';
import { DEFAULT_NETWORK, isAsked } from '../../engine/options/network.ts';
import { address, macAddress } from '../../grammar/addresses.ts';
import { parseExtraHost, parseLink } from '../../grammar/names-and-servers.ts';
import { parseExpose, parsePublish } from '../../grammar/ports.ts';
import { JsonObject } from '../http/json.ts';
import { endpointsFor } from './older-container.ts';

/**
 * Reads what a container is to be on networks: `NetworkMode`, ports, names and servers of HostConfig, `ExposedPorts` and
 * `MacAddress` of ContainerConfig, and NetworkingConfig, as a version of the API has them.
 */
export function networking(
  config: JsonObject,
  host: JsonObject,
  { namespaces, version }: { namespaces: Omit<NamespaceOptions, 'network'>; version: number },
): Pick<CreateOptions, 'namespaces' | 'network'> {
  const mode = host.text('NetworkMode') ?? 'default';
  const container = /^container:(.+)$/.exec(mode)?.[1];
  const others = settings(config, host);
  const endpoints = endpointsFor(version, endpointsOf(config));
  const network = config.flag('NetworkDisabled') === true ? 'none' : mode;
  if (network === 'none' || network === 'host' || container !== undefined) {
    const own = withMac(config, { network: mode, ...endpoints.get(mode) });
    const more = [...endpoints].filter(([name]) => name !== mode).map(([, attachment]) => attachment);
    const attachments = saysMore(own) ? [own, ...more] : more;
    const isNothing = attachments.length === 0 && Object.keys(others).length === 0;
    return {
      namespaces: {
        ...namespaces,
        network: container === undefined ? (network as 'none' | 'host') : { container },
      },
      ...(isNothing ? {} : { network: { attachments, ...others } }),
    };
  }
  return {
    namespaces: { ...namespaces, network: 'networks' },
    network: { attachments: attachmentsOf(config, mode, endpoints), ...others },
  };
}

/** The network of the mode comes first, with what NetworkingConfig says of it. */
function attachmentsOf(
  config: JsonObject,
  mode: string,
  endpoints: ReadonlyMap<string, NetworkAttachment>,
): NetworkAttachment[] {
  const first = mode === 'default' ? DEFAULT_NETWORK : mode;
  const own = endpoints.get(mode) ?? endpoints.get(first);
  const more = [...endpoints.values()].filter((each) => each !== own);
  return [withMac(config, { ...own, network: first }), ...more];
}

/** The address of the whole container, as older clients say it, is that on the network of its mode. */
function withMac(config: JsonObject, endpoint: NetworkAttachment): NetworkAttachment {
  const text = config.text('MacAddress');
  if (text === undefined) return endpoint;
  const mac = macAddress(text);
  if (endpoint.mac === undefined || endpoint.mac === mac) return { ...endpoint, mac };
  throw config.refusal('MacAddress', `on network ${endpoint.network} it is to be ${endpoint.mac}`);
}

/** Whether anything is asked for besides the network itself. */
function saysMore({ network: _mode, ...settings }: NetworkAttachment): boolean {
  return Object.values(settings).some(isAsked);
}

function endpointsOf(config: JsonObject): Map<string, NetworkAttachment> {
  const entries = config.part('NetworkingConfig').entries('EndpointsConfig');
  return new Map(entries.map(([name, endpoint]) => [name, endpointSettings(name, endpoint)]));
}

/** Reads Docker's EndpointSettings: also those of `networks/NAME/connect`. See `UNREAD_ENDPOINT`. */
export function endpointSettings(network: string, endpoint: JsonObject): NetworkAttachment {
  const ipam = endpoint.part('IPAMConfig');
  const [ip, ip6] = [ipam.text('IPv4Address'), ipam.text('IPv6Address')];
  const mac = endpoint.text('MacAddress');
  const aliases = endpoint.texts('Aliases') ?? [];
  const links = (endpoint.texts('Links') ?? []).map(parseLink);
  if ((ipam.texts('LinkLocalIPs') ?? []).length > 0)
    throw ipam.refusal('LinkLocalIPs', 'addresses that hold on the link alone are not given');
  const priority = endpoint.amount('GwPriority');
  const driverOptions = endpoint.map('DriverOpts');
  return {
    network,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(links.length === 0 ? {} : { links }),
    ...(ip === undefined ? {} : { ip: address('IPv4 address', 4)(ip) }),
    ...(ip6 === undefined ? {} : { ip6: address('IPv6 address', 6)(ip6) }),
    ...(mac === undefined ? {} : { mac: macAddress(mac) }),
    ...(driverOptions === undefined ? {} : { driverOptions }),
    ...(priority === undefined ? {} : { gatewayPriority: priority }),
  };
}

/** `{"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}`: each as `-p` of the command line. */
function portBindings(host: JsonObject): PortMapping[] {
  const ports = host.names('PortBindings') ?? [];
  const map = host.part('PortBindings');
  return ports.flatMap((port) =>
    (map.objects(port) ?? [new JsonObject({})]).flatMap((binding) => {
      const [hostIp, hostPort] = [binding.text('HostIp') ?? '', binding.text('HostPort') ?? ''];
      const prefix = hostIp === '' ? '' : `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:`;
      return parsePublish(prefix === '' && hostPort === '' ? port : `${prefix}${hostPort}:${port}`);
    }),
  );
}

/** What does not belong to one network; only what was given. */
function settings(config: JsonObject, host: JsonObject): Omit<NetworkOptions, 'attachments'> {
  const publish = (host.names('PortBindings') ?? []).length > 0 ? portBindings(host) : undefined;
  const expose = config.names('ExposedPorts')?.flatMap(parseExpose);
  const [servers, options, search] = (['Dns', 'DnsOptions', 'DnsSearch'] as const).map((name) =>
    host.texts(name),
  );
  const dns = {
    ...(servers?.length ? { servers } : {}),
    ...(options?.length ? { options } : {}),
    ...(search?.length ? { search } : {}),
  };
  const hosts = host.texts('ExtraHosts') ?? [];
  const links = (host.texts('Links') ?? []).map(parseLink);
  return {
    ...(publish === undefined ? {} : { publish }),
    ...(host.flag('PublishAllPorts') === true ? { publishAll: true } : {}),
    ...(expose === undefined || expose.length === 0 ? {} : { expose }),
    ...(Object.keys(dns).length === 0 ? {} : { dns }),
    ...(hosts.length === 0 ? {} : { extraHosts: hosts.flatMap(parseExtraHost) }),
    ...(links.length === 0 ? {} : { links }),
  };
}
