import { EngineError } from '../../errors.ts';
import type { CapabilitySets, ProcessSpec, UserSpec } from '../../oci/runtime-config.ts';
import type { ContainerOptions } from '../options.ts';
import { boundingCapabilities, isKnownNotRoot } from './capabilities.ts';
import { DEFAULT_PATH, INIT_PLACE } from './defaults.ts';
import { applyEnvironment } from './environment.ts';
import type { HostFacts } from './host-facts.ts';
import { apparmorProfile, selinuxContext } from './lsm.ts';
import { rlimitSpecs } from './rlimits.ts';

const NOBODY = 65534;

/** OOM_SCORE_ADJ_MIN and _MAX of the kernel. */
const OOM_SCORE_LIMIT = 1000;

/**
 * Makes the spec of the process: the command, its user, and its rights. Throws `invalid` for what cannot be (see
 * `createSpec`).
 */
export function processSpec(
  { process: asked, namespaces, security }: ContainerOptions,
  host: HostFacts,
): ProcessSpec {
  checkProcess(asked);
  const user = userSpec(asked);
  const oomScoreAdj = oomScore(asked.oomScoreAdj, host);
  const apparmor = apparmorProfile(security, host);
  const selinux = selinuxContext(security, host);
  return {
    args: [...(asked.initPath === undefined ? [] : [INIT_PLACE, '--']), ...asked.argv],
    env: applyEnvironment(
      defaultEnvironment({ hostname: namespaces.hostname, terminal: asked.terminal === true }),
      asked.env,
    ),
    cwd: asked.cwd,
    user,
    capabilities: capabilitySets(boundingCapabilities(security, host.deviceControl), user),
    rlimits: rlimitSpecs(asked.rlimits ?? [], host),
    noNewPrivileges: security.noNewPrivileges === true,
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    ...(apparmor === undefined ? {} : { apparmorProfile: apparmor }),
    ...(selinux === undefined ? {} : { selinuxLabel: selinux }),
  };
}

function checkProcess({ argv, cwd, umask, oomScoreAdj }: ContainerOptions['process']): void {
  if (argv.length === 0) {
    throw new EngineError('invalid', 'no command specified', {
      hint: 'the image names none: give one after the image, or --entrypoint',
    });
  }
  if (!cwd.startsWith('/')) {
    throw new EngineError('invalid', `the working directory "${cwd}" is not an absolute path`, {
      subject: cwd,
    });
  }
  if (umask !== undefined && !isWithin(umask, 0, 0o777)) {
    throw new EngineError('invalid', `the umask ${umask.toString(8)} is not between 0000 and 0777`);
  }
  if (oomScoreAdj !== undefined && !isWithin(oomScoreAdj, -OOM_SCORE_LIMIT, OOM_SCORE_LIMIT)) {
    throw new EngineError('invalid', `the OOM score ${oomScoreAdj} is not between -1000 and 1000`, {
      subject: String(oomScoreAdj),
    });
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/**
 * Docker sets 0, which lowers the score of an engine that has more, and needs CAP_SYS_RESOURCE then. What everybody
 * may do is to give up the protection of a negative one.
 */
function oomScore(wanted: number | undefined, host: HostFacts): number | undefined {
  const { oomScoreAdj: own } = host;
  if (wanted === undefined) return own < 0 ? 0 : undefined;
  if (wanted >= own || host.exceedsLimits()) return wanted;
  throw new EngineError('denied', `the OOM score ${wanted} is below skiff's own, ${own}`, {
    subject: String(wanted),
    hint: 'protecting a process from being killed takes CAP_SYS_RESOURCE, which skiff does not have here',
  });
}

/** Returns the variables of a command that neither image nor user sets. */
function defaultEnvironment({ hostname, terminal }: { hostname: string; terminal: boolean }): string[] {
  return [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, ...(terminal ? ['TERM=xterm'] : [])];
}

function userSpec({ user, umask, groups = [] }: ContainerOptions['process']): UserSpec {
  const additionalGids = groups.filter((group) => /^\d+$/.test(group)).map(Number);
  const others = {
    ...(umask === undefined ? {} : { umask }),
    ...(additionalGids.length === 0 ? {} : { additionalGids }),
  };
  const numbers = /^(\d+)(?::(\d+))?$/.exec(user || '0');
  if (numbers === null) return { uid: NOBODY, gid: NOBODY, ...others, username: user };
  const uid = Number(numbers[1]);
  // A number without a group takes the group that the container's /etc/passwd names: only the helper can know.
  return { uid, gid: Number(numbers[2] ?? 0), ...others, username: user || '0' };
}

/**
 * Inheritable and ambient sets are empty: what root gives up by changing its user must not come back through files
 * with inheritable capabilities (CVE-2022-24769). A user who is known not to be root has a bounding set alone, as
 * execve(2) would leave it; a name may be root's, and loses the others in the same way if it is not.
 */
function capabilitySets(bounding: string[], { uid, username = '' }: UserSpec): CapabilitySets {
  const own = isKnownNotRoot(username || String(uid)) ? [] : bounding;
  return { bounding, permitted: own, effective: own };
}
