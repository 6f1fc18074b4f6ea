import type { ImageConfig } from '../../oci/image-config.ts';
import type { CreateOptions, NetworkOptions, Protocol } from './create.ts';

/** The ports that an image and the user expose, by number, then protocol; each once. */
export function exposedPorts(
  { config }: Pick<ImageConfig, 'config'>,
  network: Pick<NetworkOptions, 'expose'> | undefined,
): { protocol: Protocol; port: number }[] {
  const ofImage = Object.keys(config.ExposedPorts ?? {}).map(parsePort);
  const all = new Map<string, { protocol: Protocol; port: number }>();
  for (const exposed of [...ofImage, ...(network?.expose ?? [])]) {
    if (exposed !== undefined) all.set(`${exposed.port}/${exposed.protocol}`, exposed);
  }
  return [...all.values()].sort(
    (one, other) => one.port - other.port || (one.protocol < other.protocol ? -1 : 1),
  );
}

/** `80/tcp`, or `80`, as an image's configuration has it (OCI image-spec, config). */
function parsePort(text: string): { protocol: Protocol; port: number } | undefined {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  return digits === undefined
    ? undefined
    : { protocol: protocol.toLowerCase() as Protocol, port: Number(digits) };
}

/** Returns the exposed and the published ports, as `80/tcp`: both are what Docker calls a container's exposed ports. */
export function exposedPortNames({ network }: CreateOptions, image: ImageConfig | undefined): string[] {
  const exposed = exposedPorts(image ?? { config: {} }, network).map(
    ({ port, protocol }) => `${port}/${protocol}`,
  );
  const published =
    network?.publish?.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`) ?? [];
  return [...new Set([...exposed, ...published])];
}
