import { basename, dirname } from 'node:path';
import type { ExplainedContainer } from '../../engine/explain/container.ts';
import type { CgroupWrite, ExplainedCgroup, ExplainedRlimit } from '../../engine/explain/limits.ts';
import { fact, line, type SheetLine } from '../text/sheet.ts';

/** Directories, then what is written, each file by the directory that it is in. */
export function cgroupLines({
  directories,
  monitor,
  writes,
  devicePrograms,
  deviceRules,
}: ExplainedCgroup): SheetLine[] {
  return [
    ...(directories.length === 0 ? [line(['none', 'this host has none that can be written to'])] : []),
    ...directories.map(({ version, path }) => line(['make', `${path} (${version})`])),
    ...monitor.map(({ version, path }) => line(['make', `${path} (${version}), for its monitor`])),
    ...grouped(writes).map(writeLine),
    ...devicePrograms.map((path) => line(['program', `${path}: ${deviceRules.join('; ')}`])),
  ];
}

interface Group {
  write: CgroupWrite;
  values: string[];
}

/** A file that is written line by line is one group. */
function grouped(writes: readonly CgroupWrite[]): Group[] {
  const groups: Group[] = [];
  for (const write of writes) {
    const last = groups.at(-1);
    const isSame = last !== undefined && last.write.file === write.file && write.value !== undefined;
    if (isSame) last.values.push(write.value ?? '');
    else groups.push({ write, values: [write.value ?? `what ${write.from ?? ''} has`] });
  }
  return groups;
}

/** What is copied from above, or asked for by no limit, is the default: rules about devices, favours. */
function writeLine({ write: { file, value, isOptional }, values }: Group): SheetLine {
  const isDefault = value === undefined || isOptional === true || basename(file).startsWith('devices.');
  const favour = isOptional === true ? ', if the kernel can' : '';
  return line(['write', `${dirname(file)}/${basename(file)} ← ${values.join('; ')}${favour}`], !isDefault);
}

/** What the command may do to the kernel. */
export function securityLines({ security, loadsProfile }: ExplainedContainer): SheetLine[] {
  const { bounding, effective, added, dropped, isPrivileged } = security;
  const names = (capabilities: readonly string[]) =>
    capabilities.length === 0 ? 'none' : capabilities.map((name) => name.replace(/^CAP_/, '')).join(' ');
  const isLess = effective.length < bounding.length;
  return [
    ...fact('privileged', isPrivileged ? 'yes' : undefined, true),
    ...fact('capabilities', names(bounding), added.length + dropped.length > 0),
    ...fact('', isLess ? `of which it begins with ${names(effective)}, as its user is not root` : undefined),
    ...fact('added', added.join(' '), true),
    ...fact('dropped', dropped.join(' '), true),
    ...fact('no-new-privileges', security.noNewPrivileges ? 'yes' : 'no', security.noNewPrivileges),
    ...fact(
      'seccomp',
      SECCOMP[security.seccomp] ?? security.seccomp,
      security.seccomp !== 'builtin' && !isPrivileged,
    ),
    ...fact('AppArmor', security.apparmor && `${security.apparmor}${loadsProfile ? ' (loaded first)' : ''}`),
    ...fact('SELinux', security.selinux, true),
  ];
}

const SECCOMP: Readonly<Record<string, string>> = {
  builtin: "Docker's profile: system calls that containers do not need are refused",
  unconfined: 'no system call is refused',
};

/** Limits of setrlimit(2). */
export function limitLines(limits: readonly ExplainedRlimit[]): SheetLine[] {
  return limits.map(({ name, soft, hard, isAsked }) =>
    line([name, soft === hard ? soft : `${soft}, at most ${hard}`], isAsked),
  );
}
