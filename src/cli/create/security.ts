import type { Command } from 'commander';
import type { SecurityOptions } from '../../engine/options/create.ts';
import { collectSecurityOpt, collectSysctl, type SecurityOpts } from '../../grammar/security.ts';
import { listOf, some } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

const capability = listOf(some('a capability'));

/** `securityOpt`: one flag for several members. */
const FLAGS: MemberFlags<SecurityOptions & { securityOpt?: SecurityOpts }> = {
  privileged: ['--privileged', 'every capability and device, no seccomp, nothing masked or read-only'],
  capAdd: ['--cap-add <capability>', 'as in NET_ADMIN, or ALL (repeatable)', capability],
  capDrop: ['--cap-drop <capability>', 'as in CHOWN, or ALL (repeatable)', capability],
  securityOpt: [
    '--security-opt <key=value>',
    'seccomp=FILE|builtin|unconfined, no-new-privileges, apparmor=PROFILE, label=…, systempaths=unconfined, writable-cgroups=true (repeatable)',
    collectSecurityOpt,
  ],
  sysctls: ['--sysctl <name=value>', 'a kernel parameter of its namespaces (repeatable)', collectSysctl],
};

/** Adds the options for what a container may do to the kernel. */
export function addSecurityOptions(command: Command): void {
  addMembers(command.optionsGroup('Security:'), FLAGS);
}

export function securityOptions(given: GivenFlags): SecurityOptions {
  const { securityOpt, ...security } = membersOf(FLAGS, given);
  return { ...security, ...securityOpt };
}
