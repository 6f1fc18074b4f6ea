import { lines } from './names-file.ts';

/**
 * The configuration of one container's resolver: the names it may tell and the servers it may ask
 * (src/network/NETWORKS.md).
 */
export interface ResolverConfig {
  /** Ids of the networks whose names it may tell; the first that has the name wins. */
  networks: readonly string[];
  /** Links: a question for `name` is one for `other`. */
  aliases: readonly { name: string; other: string }[];
  /** Servers that are asked what is not known here, in order. */
  upstreams: readonly string[];
  /** The network namespace from which the servers are asked; none: others' names are not resolved. */
  forward: 'host' | 'container' | 'none';
}

/** The text of RUN/names/containers/ID. Throws `invalid` for a name of more than one word. */
export function resolverText({ networks, aliases, upstreams, forward }: ResolverConfig): string {
  return lines([
    ...networks.map((id) => ['network', id]),
    ...aliases.map(({ name, other }) => ['alias', name.toLowerCase(), other.toLowerCase()]),
    ...upstreams.map((address) => ['upstream', address]),
    ['forward', forward],
  ]);
}
