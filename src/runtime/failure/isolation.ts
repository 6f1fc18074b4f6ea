import { resourceName } from '../spec/rlimits.ts';
import type { Explainer, Failure, Words } from './words.ts';

const HINT_RESOURCE = 'that takes CAP_SYS_RESOURCE, which skiff does not have here';

/** The stages of namespaces, id maps, labels and limits about which more can be said than that they failed. */
export const ISOLATION: Readonly<Record<string, Explainer>> = {
  join: explainJoin,
  'bind-of': explainBindOf,
  'id-map': explainIdMap,
  'id-mapped-mount': explainIdMappedMount,
  'time-offset': explainTimeOffset,
  seccomp: explainSeccomp,
  label: explainLabel,
  sysctl: explainSysctl,
  rlimit: explainLimit,
  'oom-score-adj': ({ code, reason, detail }) => ({
    message: `cannot set the OOM score to ${detail}: ${reason}`,
    ...(code === 'EACCES' || code === 'EPERM'
      ? { kind: 'denied', hint: `a score below skiff's own: ${HINT_RESOURCE}` }
      : {}),
  }),
};

const HAS_ENDED: Partial<Words> = { kind: 'conflict', hint: 'start it again, then this one' };

function explainJoin({ code, reason, detail }: Failure): Partial<Words> {
  if (code === 'ESRCH' || code === 'ENOENT') {
    return { ...HAS_ENDED, message: `the container whose ${detail} namespace was to be shared has ended` };
  }
  if (code === 'EACCES') {
    return {
      kind: 'denied',
      message: `cannot join the ${detail} namespace of the other container: a process in it may have SYS_PTRACE`,
      hint: 'it could take over the host while this container starts: start that one without SYS_PTRACE, or with --userns, and give SYS_PTRACE to this one',
    };
  }
  const message = `cannot join the ${detail} namespace of the other container: ${reason}`;
  if (code !== 'EPERM') return { message };
  return { kind: 'denied', message, hint: 'it belongs to a user namespace that this container is not in' };
}

function explainBindOf({ code, reason, detail }: Failure): Partial<Words> {
  if (code === 'ESRCH')
    return { ...HAS_ENDED, message: `the container whose ${detail} was to be shared has ended` };
  const message = `cannot share ${detail} of the other container: ${reason}`;
  if (code !== 'EINVAL' && code !== 'ENOENT') return { message };
  return { kind: 'invalid', message, hint: 'it has no /dev/shm of its own' };
}

function explainIdMap({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot map the ids of the container (${detail}): ${reason}`;
  switch (code) {
    case 'EINVAL':
      return { kind: 'invalid', message, hint: 'ranges may not overlap, and there are at most 340' };
    case 'EPERM':
      return {
        kind: 'denied',
        message,
        hint: 'only ids that skiff has itself can be given away: see --userns',
      };
    default:
      return { message };
  }
}

function explainIdMappedMount({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot show ${detail} through the id maps of the container: ${reason}`;
  switch (code) {
    case 'EINVAL':
    case 'EOPNOTSUPP':
      return {
        kind: 'unsupported',
        message,
        hint: 'the file system that it is on cannot: keep the state on another one (ext4, xfs, btrfs) with --root',
      };
    case 'ENOSYS':
      return { kind: 'unsupported', message, hint: 'this kernel has no id-mapped mounts (5.12)' };
    default:
      return { message };
  }
}

function explainTimeOffset({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot set the clock of the container (${detail}): ${reason}`;
  if (code !== 'ERANGE') return { message };
  return { kind: 'invalid', message, hint: 'a clock may not go below zero, nor beyond 146 years' };
}

function explainSeccomp({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot install the system call filter ${detail}: ${reason}`;
  switch (code) {
    case 'ENOENT':
      return { kind: 'notFound', message, hint: 'it was removed meanwhile: try again, it is made anew' };
    case 'EINVAL':
    case 'EFAULT':
      return {
        kind: 'unsupported',
        message,
        hint: 'the kernel does not take this program or its flags: try another profile, or seccomp=unconfined',
      };
    default:
      return { message };
  }
}

function explainLabel({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot execute the command under the label "${detail}": ${reason}`;
  switch (code) {
    case 'ENOENT':
      return { kind: 'notFound', message, hint: 'load the AppArmor profile first: apparmor_parser -r FILE' };
    case 'EINVAL':
      return { kind: 'invalid', message, hint: 'the policy of this host does not know it' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'denied', message, hint: 'what skiff itself runs under does not let it change' };
    default:
      return { message };
  }
}

function explainSysctl({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot set the sysctl ${detail}: ${reason}`;
  switch (code) {
    case 'ENOENT':
      return {
        kind: 'notFound',
        message,
        hint: 'this kernel has it for the whole machine only, not at all, or lacks the module that brings it',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'invalid',
        message,
        hint: "it has no value of the container's own: this kernel lets it be set for the whole machine only, on the host",
      };
    case 'EINVAL':
    case 'ERANGE':
      return { kind: 'invalid', message, hint: 'the kernel refuses this value' };
    default:
      return { message };
  }
}

/** The detail is the number of the resource. */
function explainLimit({ code, reason, detail }: Failure): Partial<Words> {
  const name = resourceName(Number(detail)) ?? detail;
  const message = `cannot set the limit of ${name}: ${reason}`;
  if (code !== 'EPERM') return { message };
  const more = name === 'nofile' ? ', and fs.nr_open is above all' : '';
  return { kind: 'denied', message, hint: `a hard limit above skiff's own: ${HINT_RESOURCE}${more}` };
}
