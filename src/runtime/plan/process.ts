import type { ProcessSpec } from '../../oci/runtime-config.ts';
import type { ContainerProcess } from '../options.ts';
import type { PlanRecord } from '../record.ts';
import { capabilityMask } from '../spec/capabilities.ts';
import { rlimitRecord } from '../spec/rlimits.ts';
import type { Placement } from './placement.ts';

/** The umask of Docker and runc. */
const DEFAULT_UMASK = 0o022;

/** Podman's word among the groups. */
const KEEP_GROUPS = 'keep-groups';

/** Makes the records of what confines the command and is prepared before its process is made. */
export function confinementRecords(
  { apparmorProfile, selinuxLabel }: ProcessSpec,
  seccomp: Placement['seccomp'],
): PlanRecord[] {
  return [
    ...(seccomp === undefined ? [] : ([['seccomp', seccomp.file, seccomp.flags.join(',')]] as const)),
    ...(apparmorProfile === undefined ? [] : ([['label', 'apparmor', apparmorProfile]] as const)),
    ...(selinuxLabel === undefined ? [] : ([['label', 'selinux', selinuxLabel]] as const)),
  ];
}

/** Groups by name and our PID 1 are nothing that a spec can say. */
export function processRecords(
  spec: ProcessSpec,
  {
    groups = [],
    init,
    initPath,
    secretEnv = [],
  }: Pick<ContainerProcess, 'groups' | 'init' | 'initPath' | 'secretEnv'>,
): PlanRecord[] {
  const { args, env, cwd, user, capabilities, rlimits, noNewPrivileges, oomScoreAdj } = spec;
  const { bounding, permitted, inheritable = [], effective, ambient = [] } = capabilities;
  const sets = [bounding, permitted, inheritable, effective, ambient];
  return [
    ...args.map((arg): PlanRecord => ['arg', arg]),
    ...[...env, ...secretEnv].map((entry): PlanRecord => ['env', entry]),
    ['cwd', cwd],
    ['user', user.username ?? `${user.uid}:${user.gid}`],
    ...groups.map((group): PlanRecord => (group === KEEP_GROUPS ? ['keep-groups'] : ['group', group])),
    ...(init && initPath === undefined ? ([['reaper']] as const) : []),
    // Always said: a container does not inherit the mask of the shell that started it.
    ['umask', (user.umask ?? DEFAULT_UMASK).toString(8).padStart(4, '0')],
    ...rlimits.map(rlimitRecord),
    ...(oomScoreAdj === undefined ? [] : ([['oom-score-adj', String(oomScoreAdj)]] as const)),
    ['capabilities', ...sets.map(capabilityMask)],
    ...(noNewPrivileges ? ([['no-new-privileges']] as const) : []),
  ];
}
