import { explainCgroup, explainDeviceProgram } from './cgroup.ts';
import { explainGroup, explainUser } from './identity.ts';
import { ISOLATION } from './isolation.ts';
import { NETWORK } from './network.ts';
import { explainHostMount } from './volume.ts';
import type { Explainer, Failure, Words } from './words.ts';

/** The capability that a stage fails without; the others need CAP_SYS_ADMIN. */
const NEEDED: Readonly<Record<string, string>> = {
  capabilities: 'CAP_SETPCAP',
  group: 'CAP_SETGID',
  loopback: 'CAP_NET_ADMIN',
  node: 'CAP_MKNOD',
  user: 'CAP_SETUID and CAP_SETGID',
};

const privilegesHint = (stage: string): string =>
  `skiff needs root with ${NEEDED[stage] ?? 'CAP_SYS_ADMIN'}; inside of a container, start that one with --privileged`;

// With a limit of its own XFS says ENOSPC, and ext4 EDQUOT.
const HINT_DISK =
  'make room, or keep the state elsewhere with --root; with --storage-opt size, give the container more';

/** Puts an errno into words, whatever the stage; a stage overrides what it knows better. */
function generalWords({ code, stage, detail, reason }: Failure): Words {
  const phrase =
    PHRASES[stage]?.replace('%', () => detail) ?? `cannot start the container: ${stage} ${detail}`;
  const message = `${phrase}: ${reason}`;
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return { kind: 'denied', message, hint: privilegesHint(stage) };
    case 'ENOSPC':
    case 'EDQUOT':
      return { kind: 'unavailable', message, hint: HINT_DISK };
    case 'ENOMEM':
      return {
        kind: 'unavailable',
        message,
        hint: 'the machine, or the cgroup that skiff runs in, is out of memory',
      };
    case 'EMFILE':
    case 'ENFILE':
      return { kind: 'unavailable', message, hint: 'too many files are open: see ulimit -n and fs.file-max' };
    case 'ENOSYS':
    case 'ENODEV':
      return { kind: 'unsupported', message, hint: 'this kernel lacks something that containers need' };
    default:
      return { kind: 'internal', message };
  }
}

/** The phrases for the stages of native/stages.def that have no explainer; `%` is the detail. */
const PHRASES: Readonly<Record<string, string>> = {
  'bind-root': 'cannot mount the root file system %',
  capabilities: 'cannot set the capabilities of the command',
  chown: 'cannot give % to the user of the container',
  'cgroup-mount': 'cannot show the container its cgroup',
  'cgroup-namespace': 'cannot make a cgroup namespace',
  cleanup: 'cannot clean up %',
  control: 'cannot make the control socket %',
  domainname: 'cannot set the domain name "%"',
  hostname: 'cannot set the host name "%"',
  lock: 'another command is starting or cleaning up this container',
  log: 'cannot write the log %',
  loopback: 'cannot bring the loopback interface up',
  mask: 'cannot hide %',
  measure: 'cannot count the bytes below %',
  'archive-root': 'cannot open the files of %',
  archive: 'cannot read %',
  look: 'cannot look at %',
  copy: 'cannot open %',
  'copy-to': 'cannot open %',
  place: 'cannot make %',
  'copy-entry': 'cannot copy %',
  source: 'cannot take %',
  exchange: 'cannot exchange %',
  mkdir: 'cannot make the directory %',
  monitor: 'cannot start the monitor of the container',
  'no-new-privileges': 'cannot give up new privileges',
  node: 'cannot make the device %',
  pivot: 'cannot make % the root of the container',
  plan: 'cannot read the plan (%)',
  propagation: 'cannot make the mounts of the container its own',
  readonly: 'cannot make % read-only',
  reaper: 'cannot stay as the first process of the container (%)',
  relabel: 'cannot set the SELinux labels of %',
  quota: 'cannot limit what % takes on the disk',
  remove: 'cannot remove %',
  resolver: 'cannot start the resolver of names (%)',
  'root-readonly': 'cannot make the root file system read-only',
  seal: 'cannot run the helper from a copy that no container can change',
  shift: 'cannot copy % with the owners that the container sees',
  state: 'cannot write the state of the container (%)',
  symlink: 'cannot make the link %',
  terminal: 'cannot make the terminal of the container (%)',
};

/** The stages about which more can be said than that they failed. */
const EXPLAINERS: Readonly<Record<string, Explainer>> = {
  cgroup: explainCgroup,
  write: explainCgroup,
  'copy-value': explainCgroup,
  'device-program': explainDeviceProgram,
  'host-mount': explainHostMount,
  ...ISOLATION,
  ...NETWORK,
  clone: explainClone,
  spawn: explainSpawn,
  stopped: () => ({
    kind: 'unavailable',
    message: 'the new process was kept stopped before it could execute its command, and was killed',
    hint: 'a process that sees it sends SIGSTOP or traces: look at what runs in the container, or shares its pid namespace',
  }),
  target: explainTarget,
  attach: explainTarget,
  bind: explainMount,
  'bind-source': explainBindSource,
  'bind-beneath': explainBeneath,
  'overlay-at': explainMount,
  mount: explainMount,
  overlay: explainOverlay,
  user: explainUser,
  group: explainGroup,
  cwd: ({ detail, reason }) => ({
    kind: 'invalid',
    message: `the working directory "${detail}" cannot be used: ${reason}`,
    hint: 'choose another with --workdir',
    exitCode: 126,
  }),
  exec: explainExec,
  'exec-interpreter': ({ command, detail }) => ({
    kind: 'notFound',
    message: `"${command}": the interpreter or dynamic loader of ${detail} was not found`,
    hint: 'see its first line, or what ldd says about it',
    exitCode: 127,
  }),
};

/** Whether a stage has words of its own. */
export function isKnownStage(stage: string): boolean {
  return Object.hasOwn(EXPLAINERS, stage) || Object.hasOwn(PHRASES, stage);
}

/** The words for a failure; a stage that is not known here is named as it is. */
export function wordsFor(failure: Failure): Words {
  return { ...generalWords(failure), ...EXPLAINERS[failure.stage]?.(failure) };
}

/** Docker's words, and its exit codes: 127 what is not there, 126 what is there and cannot be executed. */
function explainExec({ code, reason, command }: Failure): Partial<Words> {
  if (code === 'ENOENT') {
    const why = command.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH';
    return { kind: 'notFound', message: `"${command}": ${why}`, exitCode: 127 };
  }
  return {
    kind: 'invalid',
    message: `"${command}": ${reason}`,
    hint: EXEC_HINTS[code],
    exitCode: 126,
  };
}

const EXEC_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'it needs the execute permission, and so does every directory above it',
  ENOEXEC: 'it is for another architecture, or a script without #! in its first line',
  EISDIR: 'name a file',
  E2BIG: 'arguments and environment together are too long',
};

function explainClone({ code, reason }: Failure): Partial<Words> {
  const message = `cannot make the namespaces of the container: ${reason}`;
  switch (code) {
    case 'ENOSPC':
      return {
        kind: 'unavailable',
        message: 'cannot make the namespaces of the container: a limit is reached',
        hint: 'see the limits in /proc/sys/user (max_pid_namespaces, max_net_namespaces and so on)',
      };
    case 'EAGAIN':
      return {
        kind: 'unavailable',
        message: 'cannot make the process of the container: there are too many processes',
        hint: 'see --pids-limit, pids.max of the cgroup that skiff runs in, ulimit -u and kernel.pid_max',
      };
    case 'ENOSYS':
      // Docker's seccomp profile pretends that there is no clone3, so that libraries fall back to clone.
      return {
        kind: 'denied',
        message: 'cannot make the namespaces of the container: clone3 is not allowed',
        hint: privilegesHint('clone'),
      };
    case 'EINVAL':
      return { kind: 'unsupported', message, hint: 'this kernel lacks a kind of namespace' };
    case 'EBUSY':
      return { kind: 'unavailable', message, hint: 'the cgroup is a domain that cannot take processes' };
    default:
      return { message };
  }
}

/** Cloning the process of `exec` or a health check, which is under the filter of the container by then. */
function explainSpawn({ code, reason }: Failure): Partial<Words> {
  const message = `cannot make another process in the container: ${reason}`;
  switch (code) {
    case 'EPERM':
    case 'ENOSYS':
      return {
        kind: 'denied',
        message: 'cannot make another process in the container: its system call filter lets nobody make one',
        hint: 'allow clone in its seccomp profile; exec --privileged goes without the filter',
      };
    case 'EAGAIN':
      return {
        kind: 'unavailable',
        message: 'cannot make another process in the container: there are too many processes',
        hint: 'see --pids-limit of the container and of those it is nested in, --ulimit nproc and kernel.pid_max',
      };
    default:
      return { message };
  }
}

/** Explains why a container could not be entered: nobody is left to run another process in, or to attach to. */
function explainTarget({ code, reason }: Failure): Partial<Words> {
  if (code !== 'ESRCH' && code !== 'ENOENT' && code !== 'ECONNREFUSED')
    return { message: `cannot enter the container: ${reason}` };
  return { kind: 'conflict', message: 'the container has ended' };
}

function explainBindSource({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot mount ${detail}: ${reason}`;
  return code === 'ENOENT' ? { kind: 'notFound', message, hint: 'it is not there on the host' } : { message };
}

/** A subpath of a volume. */
function explainBeneath({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot mount the subpath ${detail}: ${reason}`;
  return code === 'ENOENT' ? { kind: 'notFound', message, hint: 'make it in the volume first' } : { message };
}

function explainMount({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot mount ${detail}: ${reason}`;
  switch (code) {
    case 'EINVAL':
      return { kind: 'invalid', message, hint: 'the kernel refuses one of its options' };
    case 'ENOTDIR':
      return {
        kind: 'invalid',
        message,
        hint: 'the image has a file there, or above it: a directory is mounted on a directory',
      };
    case 'EISDIR':
      return {
        kind: 'invalid',
        message,
        hint: 'the image has a directory there: a file is mounted on a file',
      };
    case 'ELOOP':
      return { kind: 'invalid', message, hint: 'the image has a link there, where a directory has to be' };
    case 'EPERM':
      return {
        kind: 'denied',
        message,
        hint: 'nothing is mounted where a link of the image leads to /proc; skiff needs root with CAP_SYS_ADMIN',
      };
    default:
      return { message };
  }
}

function explainOverlay({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot mount the overlay on ${detail}: ${reason}`;
  switch (code) {
    case 'ENODEV':
      return {
        kind: 'unsupported',
        message,
        hint: 'this kernel has no overlay file system: modprobe overlay',
      };
    case 'EINVAL':
      return {
        kind: 'unsupported',
        message,
        hint: 'the store was made where overlays can lie, and is on an overlay or a network file system now: move it back, or make another one there (--root DIR), whose containers get copies of their image',
      };
    case 'ENOENT':
      return { kind: 'notFound', message, hint: 'a layer or a directory of the container was removed' };
    case 'ELOOP':
      return {
        kind: 'unsupported',
        message,
        hint: 'overlays are stacked too deep: choose another place with --root',
      };
    default:
      return { message };
  }
}
