import { EngineError } from '../../errors.ts';

/** The names and addresses of one endpoint, as the resolver tells them (src/network/NETWORKS.md). */
export interface EndpointNames {
  addresses: readonly string[];
  /** The names that lead to the addresses. */
  names: readonly string[];
  /** The names that the addresses lead to; the first is the main one. */
  reverse: readonly string[];
}

/** The names and ids of a container on a network, from which its names for the resolver are made. */
export interface CalledNames {
  name: string;
  /** 64 hex digits. */
  containerId: string;
  hostname: string;
  /** `--network-alias`. */
  aliases: readonly string[];
  network: string;
}

/** The names that Docker gives to a container on a user-defined network; addresses lead to `NAME.NETWORK`. */
export function namesOf({
  name,
  containerId,
  hostname,
  aliases,
  network,
}: CalledNames): Omit<EndpointNames, 'addresses'> {
  const names = [name, ...aliases, containerId.slice(0, 12), hostname];
  return { names: [...new Set(names.map(lower))], reverse: [lower(`${name}.${network}`)] };
}

/** The text of a file RUN/names/networks/NETWORK/ID. Throws `invalid` for a name of more than one line. */
export function namesText({ addresses, names, reverse }: EndpointNames): string {
  return lines([
    ...addresses.map((address) => ['address', address]),
    ...names.map((name) => ['name', lower(name)]),
    ...reverse.map((name) => ['reverse', lower(name)]),
  ]);
}

/** Lines of words: what both kinds of the resolver's files are made of. Throws `invalid` for words that are none. */
export function lines(words: readonly (readonly string[])[]): string {
  for (const line of words)
    for (const word of line)
      if (word === '' || /[\s\0]/.test(word))
        throw new EngineError('invalid', `${JSON.stringify(word)} is not a name that can be resolved`, {
          subject: word,
          hint: 'names have no spaces',
        });
  return words.map((line) => `${line.join(' ')}\n`).join('');
}

function lower(name: string): string {
  return name.toLowerCase();
}
