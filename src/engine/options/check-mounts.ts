import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { CreateOptions } from './create.ts';
import type { BindMount, MountOptions } from './mounts.ts';

/**
 * Refuses mounts that cannot be, or not together, whatever host and image they are for: relative targets and sources,
 * the root, places in /proc, subpaths that leave, two at one target. Throws `invalid` with Docker's words.
 */
export function checkMounts({
  mounts = [],
  files: { tmpfs = [] },
  namespaces: { user = 'host' },
}: Pick<CreateOptions, 'mounts' | 'files' | 'namespaces'>): void {
  for (const mount of mounts) checkMount(mount);
  const targets = new Set(tmpfs.map(({ path }) => posix.join(path, '.')));
  for (const { target } of mounts) {
    if (targets.has(target))
      throw refused(`duplicate mount point: ${target}`, { subject: target, hint: 'mount one thing there' });
    targets.add(target);
  }
  const mapped = mounts.find((mount) => mount.type === 'bind' && mount.idMap === true);
  if (mapped !== undefined && user === 'host')
    throw refused(`${mapped.target} cannot be shown through id maps: the container has no user namespace`, {
      subject: mapped.target,
      hint: 'leave idmap out, or say --userns auto',
    });
}

function checkMount(mount: MountOptions): void {
  checkTarget(mount);
  if (mount.type === 'bind') checkBind(mount);
  if (mount.type === 'tmpfs') checkTmpfs(mount);
  if (mount.type === 'volume' && mount.name !== undefined) checkVolumeName(mount.name);
  if (mount.type === 'volume' || mount.type === 'image') checkSubpath(mount.subpath);
}

/** Files of /proc that show a container numbers of its own, as LXCFS makes them: those that runc lets through. */
const PROC_FILES = [
  ...['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo'],
  ...['sys/kernel/ns_last_pid', 'sys/crypto/fips_enabled'],
].map((name) => `/proc/${name}`);

function checkTarget(mount: MountOptions): void {
  const { target } = mount;
  if (!target.startsWith('/'))
    throw refused(`invalid mount path: '${target}' mount path must be absolute`, {
      subject: target,
      hint: `write /${target}, a path in the container`,
    });
  if (target === '/')
    throw refused("invalid specification: destination can't be '/'", {
      subject: target,
      hint: 'name a directory below it; another root file system is another image',
    });
  if (target !== posix.join(target, '.') || target.includes('\0'))
    throw refused(`invalid mount path: '${target}'`, { subject: target, hint: 'write it without . and ..' });
  if (target === '/proc' && mount.type === 'bind' && mount.source === '/proc') return;
  if ((target === '/proc' || target.startsWith('/proc/')) && !PROC_FILES.includes(target))
    throw refused(
      `nothing can be mounted on ${target}: it is ${target === '/proc' ? 'of the kernel' : 'inside /proc'}`,
      {
        subject: target,
        hint: 'choose another place; --security-opt unmask=all and --pid host show more of /proc',
      },
    );
}

function checkBind({ source, target, propagation, recursive, readOnly, ...bind }: BindMount): void {
  if (!source.startsWith('/'))
    throw refused(`invalid mount path: '${source}' mount path must be absolute`, {
      subject: source,
      hint: `write ./${source} for a path below the working directory`,
    });
  if (recursive === 'readonly' && (readOnly !== true || (propagation ?? 'rprivate') !== 'rprivate'))
    throw refused(`what is below ${source} cannot be read-only unless ${source} is, and private`, {
      subject: source,
      hint: 'add readonly and bind-propagation=rprivate',
    });
  if (bind.chown === true && /shared|slave/.test(propagation ?? ''))
    throw refused(`${source} cannot be given to the user of the container and be ${propagation}`, {
      subject: source,
      hint: `leave U or ${propagation} out`,
    });
  if (bind.overlay !== true) return;
  const label = bind.relabel && (bind.relabel === 'shared' ? 'z' : 'Z');
  const other = readOnly ? 'ro' : (propagation ?? (bind.chown ? 'U' : label));
  if (other !== undefined)
    throw refused(`${other} and an overlay contradict each other on ${target}`, {
      subject: target,
      hint: `leave O or ${other} out`,
    });
}

/** As Docker names volumes. */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

function checkVolumeName(name: string): void {
  if (name.length === 1)
    throw refused('volume name is too short, names should be at least two alphanumeric characters', {
      subject: name,
      hint: 'choose a longer one',
    });
  if (VOLUME_NAME.test(name) && name.length <= 255) return;
  throw refused(
    `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    {
      subject: name,
      hint: 'if you intended to pass a host directory, use an absolute path, or one that begins with ./',
    },
  );
}

function checkSubpath(subpath: string | undefined): void {
  if (subpath === undefined || subpath === '') return;
  if (
    !subpath.startsWith('/') &&
    !`${posix.normalize(subpath)}/`.startsWith('../') &&
    !subpath.includes('\0')
  )
    return;
  throw refused(`invalid subpath "${subpath}": it must be a relative path that stays within`, {
    subject: subpath,
    hint: 'name what lies below, as in data/site',
  });
}

function checkTmpfs({
  target,
  size = 0,
  mode = 0,
}: {
  target: string;
  size?: number | undefined;
  mode?: number | undefined;
}): void {
  if (!(Number.isSafeInteger(size) && size >= 0))
    throw refused(`the size of the tmpfs on ${target} cannot be ${size} bytes`, {
      subject: target,
      hint: 'write a size, as in 64m',
    });
  if (!(Number.isSafeInteger(mode) && mode >= 0 && mode <= 0o7777))
    throw refused(`the mode of the tmpfs on ${target} cannot be ${mode}`, {
      subject: target,
      hint: 'write octal digits, as in 1770',
    });
}

function refused(message: string, details: { subject: string; hint: string }): EngineError {
  return new EngineError('invalid', message, details);
}
