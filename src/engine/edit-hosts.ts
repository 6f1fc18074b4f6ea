import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNames } from '../network/hosts-text.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { hostsFilesIn } from './hosts-files.ts';

/**
 * Puts lines for new addresses of a running container into its /etc/hosts and takes those of lost ones out; what else
 * there is, from whomever, stays. The file is written in place, as it is mounted in the container.
 */
export function editHosts(
  { paths }: Context,
  { id, options }: ContainerRow,
  { added, removed }: { added: (string | undefined)[]; removed: (string | undefined)[] },
): void {
  const { hosts } = hostsFilesIn(join(paths.containers, id));
  const { hostname = id.slice(0, 12), domainname } = options.namespaces;
  const names = ownNames({ hostname, domainname });
  const kept = readFileSync(hosts, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !removed.includes(line.split('\t')[0]));
  const more = added.flatMap((address) => (address === undefined ? [] : [`${address}\t${names}`]));
  writeFileSync(hosts, `${[...kept, ...more].join('\n')}\n`);
}

/** Replaces what the /etc/resolv.conf of a running container says, in place as well. */
export function showResolver({ paths }: Context, { id }: ContainerRow, text: string): void {
  writeFileSync(hostsFilesIn(join(paths.containers, id)).resolvConf, text);
}
