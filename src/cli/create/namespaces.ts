import type { Command } from 'commander';
import type { IdMaps, IdRange, NamespaceOptions, SharedWith } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { collectTimeOffset, hostName, namespaceMode, parseIdRange } from '../parse/namespaces.ts';
import { listOf } from '../parse/words.ts';

/** Empty is as good as absent, as with Docker. */
type HostOrPrivate = '' | 'private' | 'host' | SharedWith;

export interface NamespaceFlags {
  cgroupns?: HostOrPrivate;
  domainname?: string;
  gidmap?: IdRange[];
  hostname?: string;
  ipc?: 'shareable' | 'none' | HostOrPrivate;
  pid?: HostOrPrivate;
  timeOffset?: NamespaceOptions['timeOffsets'];
  uidmap?: IdRange[];
  userns?: 'auto' | HostOrPrivate;
  uts?: HostOrPrivate;
}

/** What is the container's own, the host's, or another container's. */
export function addNamespaceOptions(command: Command): void {
  command
    .optionsGroup('Namespaces (private, host or container:NAME):')
    .option('-h, --hostname <name>', 'its host name', hostName('host name'))
    .option('--domainname <name>', 'its NIS domain name', hostName('domain name'))
    .option('--pid <mode>', 'processes it sees', namespaceMode('--pid', 'private', 'host'))
    .option(
      '--ipc <mode>',
      'shared memory: also shareable (with others), none (no /dev/shm)',
      namespaceMode('--ipc', 'private', 'shareable', 'none', 'host'),
    )
    .option('--uts <mode>', 'host name', namespaceMode('--uts', 'private', 'host'))
    .option('--cgroupns <mode>', 'cgroups it sees', namespaceMode('--cgroupns', 'private', 'host'))
    .option(
      '--userns <mode>',
      'ids: host (the default), or auto: ids of its own, from /etc/subuid and /etc/subgid',
      namespaceMode('--userns', 'host', 'private', 'auto'),
    )
    .option(
      '--uidmap <inside:outside[:count]>',
      'own ids, these users of the host (repeatable)',
      listOf(parseIdRange),
    )
    .option(
      '--gidmap <inside:outside[:count]>',
      'the same for groups; as the users when absent',
      listOf(parseIdRange),
    )
    .option(
      '--time-offset <[clock=]seconds>',
      'set its clocks forward: monotonic=, boottime= or both (repeatable)',
      collectTimeOffset,
    );
}

/** All but the network. Throws `invalid` for an id map together with a mode that has none. */
export function namespaceOptions(flags: NamespaceFlags): Omit<NamespaceOptions, 'network'> {
  return {
    hostname: flags.hostname || undefined,
    domainname: flags.domainname || undefined,
    pid: flags.pid || undefined,
    ipc: flags.ipc || undefined,
    uts: flags.uts || undefined,
    cgroup: flags.cgroupns || undefined,
    user: userOf({ ...flags, userns: flags.userns || undefined }),
    timeOffsets: flags.timeOffset,
  };
}

interface UserFlags extends Pick<NamespaceFlags, 'uidmap' | 'gidmap'> {
  userns: Exclude<NamespaceFlags['userns'], ''>;
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
