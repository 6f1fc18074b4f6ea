import { readText } from './read-text.ts';

/** The group that may speak to Docker's socket where there is one; whoever does is root. */
export const SOCKET_GROUP = 'docker';

/** The id of a group of this host (group(5)), of those in its own file. */
export function groupId(name: string): number | undefined {
  const line = readText('/etc/group')
    ?.split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  return id === undefined || !/^\d+$/.test(id) ? undefined : Number(id);
}
