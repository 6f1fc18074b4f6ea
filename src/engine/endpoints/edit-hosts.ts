import { editInPlace, overwriteInPlace } from '../../host/edit-in-place.ts';
import { ownNames } from '../../network/files/hosts-text.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Puts lines for new addresses of a running container into its /etc/hosts and takes those of lost ones out; what else
 * there is, from whomever, stays. The file is written in place, as it is mounted in the container. False when the
 * container has made it longer than 1 MB, or keeps others from writing it: then it is left as it is.
 */
export function editHosts(
  { paths }: Context,
  { id, options }: ContainerRow,
  { added, removed }: { added: (string | undefined)[]; removed: (string | undefined)[] },
): boolean {
  const { hostname = id.slice(0, 12), domainname } = options.namespaces;
  const names = ownNames({ hostname, domainname });
  const more = added.flatMap((address) => (address === undefined ? [] : [`${address}\t${names}`]));
  return editInPlace(containerPaths(paths, id).hostsFiles.hosts, (text) => {
    const kept = text.split('\n').filter((line) => line !== '' && !removed.includes(line.split('\t')[0]));
    return [...kept, ...more.map(asBytes)].map((line) => `${line}\n`).join('');
  });
}

/** Returns a character for each byte of the text's UTF-8, as the text of the file has it. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/**
 * Replaces what the /etc/resolv.conf of a running container says, in place as well. One that keeps others from writing it
 * goes on with what it has.
 */
export function showResolver({ paths }: Context, { id }: ContainerRow, text: string): void {
  overwriteInPlace(containerPaths(paths, id).hostsFiles.resolvConf, text);
}
