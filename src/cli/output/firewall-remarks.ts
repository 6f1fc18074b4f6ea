import type { DenyingChain } from '../../engine/networks/foreign-firewall.ts';

/**
 * Returns remarks on ports that are published for everybody, and on networks, where the host's firewall denies by
 * default. `published` are as `0.0.0.0:8080` each; without any only what concerns all networks is said.
 */
export function firewallRemarks(chains: readonly DenyingChain[], published: readonly string[]): string[] {
  const forward = chains.find(({ hook }) => hook === 'forward');
  if (forward !== undefined) return [blocked(forward)];
  const input = chains.find(({ hook }) => hook === 'input');
  return input === undefined || published.length === 0 ? [] : [open(input, published)];
}

function open(chain: DenyingChain, published: readonly string[]): string {
  const several = published.length > 1;
  return [
    `${several ? 'ports' : 'port'} ${published.join(', ')} ${several ? 'are' : 'is'} open to everybody`,
    `although the firewall of this host denies by default (${nameOf(chain)}): it does not see what is passed on to`,
    'containers; publish on 127.0.0.1, or set SKIFF_PUBLISH_ADDRESS=127.0.0.1',
  ].join(' ');
}

function blocked(chain: DenyingChain): string {
  const allow =
    chain.family === 'inet'
      ? `nft insert rule inet ${chain.table} ${chain.chain} iifname "sk*" accept, and the same with oifname`
      : `${chain.family === 'ip' ? 'iptables' : 'ip6tables'} -I ${chain.chain} -i sk+ -j ACCEPT, and the same with -o`;
  return `the firewall of this host drops what it would pass on (${nameOf(chain)}): containers on bridges neither reach other hosts nor are reached by them; allow it with ${allow}`;
}

function nameOf({ family, table, chain }: DenyingChain): string {
  return `${family} ${table} ${chain}`;
}
