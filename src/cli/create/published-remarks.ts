import type { DenyingChain } from '../../engine/networks/foreign-firewall.ts';
import type { CreateOptions, PortMapping } from '../../engine/options/create.ts';
import type { Session } from '../command/session.ts';
import { publishAddress } from '../command/settings.ts';
import { firewallRemarks } from '../output/firewall-remarks.ts';
import { tell } from '../output/tell.ts';

/** Says on standard error what the host's own firewall means for published ports. */
export async function remarkOnPublished(session: Session, options: CreateOptions): Promise<void> {
  const engine = await session.engine();
  for (const remark of await publishedRemarks(options, () => engine.networks.foreignFirewall()))
    tell(`skiff: ${remark}`);
}

/** What there is to say; `firewall` is asked for when ports are open to others. */
export async function publishedRemarks(
  { network }: CreateOptions,
  firewall: () => Promise<readonly DenyingChain[]>,
): Promise<string[]> {
  const usual = await publishAddress();
  const published = (network?.publish ?? []).filter((mapping) => isForOthers(mapping, usual)).map(nameOf);
  if (network?.publishAll === true) published.push('of -P');
  return published.length === 0 ? [] : firewallRemarks(await firewall(), published);
}

function isForOthers({ hostAddress }: PortMapping, usual = ''): boolean {
  const address = hostAddress ?? usual;
  return !address.startsWith('127.') && address !== '::1';
}

function nameOf({ hostAddress, hostPorts, containerPort, protocol }: PortMapping): string {
  const address = hostAddress === undefined ? '' : `${hostAddress}:`;
  if (hostPorts === undefined || hostPorts.first === 0) return `for ${containerPort}/${protocol}`;
  const { first, last } = hostPorts;
  return `${address}${first === last ? first : `${first}-${last}`}/${protocol}`;
}
