import type { Command } from 'commander';
import type { IdMaps, IdRange, NamespaceOptions, SharedWith } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { collectTimeOffset, namespaceMode, parseIdRange } from '../../grammar/namespaces.ts';
import { listOf } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

/** Three flags for the member `user`. */
interface UserFlags {
  userns?: 'host' | 'private' | 'auto' | SharedWith | undefined;
  uidmap?: IdRange[] | undefined;
  gidmap?: IdRange[] | undefined;
}

const FLAGS: MemberFlags<Omit<NamespaceOptions, 'network' | 'user'> & UserFlags> = {
  hostname: ['-h, --hostname <name>', 'its host name'],
  domainname: ['--domainname <name>', 'its NIS domain name'],
  pid: ['--pid <mode>', 'processes it sees', namespaceMode('--pid', 'private', 'host')],
  ipc: [
    '--ipc <mode>',
    'shared memory: also shareable (with others), none (no /dev/shm)',
    namespaceMode('--ipc', 'private', 'shareable', 'none', 'host'),
  ],
  uts: ['--uts <mode>', 'host name', namespaceMode('--uts', 'private', 'host')],
  cgroup: ['--cgroupns <mode>', 'cgroups it sees', namespaceMode('--cgroupns', 'private', 'host')],
  userns: [
    '--userns <mode>',
    'ids: host (the default), or auto: ids of its own, from /etc/subuid and /etc/subgid',
    namespaceMode('--userns', 'host', 'private', 'auto'),
  ],
  uidmap: [
    '--uidmap <inside:outside[:count]>',
    'own ids, these users of the host (repeatable)',
    listOf(parseIdRange),
  ],
  gidmap: [
    '--gidmap <inside:outside[:count]>',
    'the same for groups; as the users when absent',
    listOf(parseIdRange),
  ],
  timeOffsets: [
    '--time-offset <[clock=]seconds>',
    'set its clocks forward: monotonic=, boottime= or both (repeatable)',
    collectTimeOffset,
  ],
};

/** Adds the options that say which namespaces are the container's own, the host's, or another container's. */
export function addNamespaceOptions(command: Command): void {
  addMembers(command.optionsGroup('Namespaces (private, host or container:NAME):'), FLAGS);
}

/**
 * Reads the options of all namespaces but the network's. Throws `invalid` for an id map together with a mode that has
 * none.
 */
export function namespaceOptions(given: GivenFlags): Omit<NamespaceOptions, 'network'> {
  const { userns, uidmap, gidmap, ...namespaces } = membersOf(FLAGS, given);
  return { ...namespaces, user: userOf({ userns, uidmap, gidmap }) };
}

function userOf({ userns, uidmap, gidmap }: UserFlags): NamespaceOptions['user'] {
  const uids = uidmap ?? gidmap;
  const gids = gidmap ?? uidmap;
  if (uids === undefined || gids === undefined) return userns === 'private' ? 'auto' : userns;
  if (userns === undefined || userns === 'private') return { uids, gids } satisfies IdMaps;
  const option = uidmap === undefined ? '--gidmap' : '--uidmap';
  const mode = typeof userns === 'string' ? userns : `container:${userns.container}`;
  throw new EngineError('invalid', `${option} cannot be used with --userns ${mode}`, {
    subject: option,
    hint: 'leave one of them out',
  });
}
