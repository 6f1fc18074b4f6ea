import type { Command } from 'commander';
import type { SecurityOptions } from '../../engine/options/create.ts';
import { collectSecurityOpt, collectSysctl, type SecurityOpts } from '../parse/security.ts';
import { listOf, some } from '../parse/words.ts';

export interface SecurityFlags {
  capAdd?: string[];
  capDrop?: string[];
  privileged?: boolean;
  securityOpt?: SecurityOpts;
  sysctl?: Record<string, string>;
}

/** What it may do to the kernel. */
export function addSecurityOptions(command: Command): void {
  const capability = listOf(some('a capability'));
  command
    .optionsGroup('Security:')
    .option('--privileged', 'every capability and device, no seccomp, nothing masked or read-only')
    .option('--cap-add <capability>', 'as in NET_ADMIN, or ALL (repeatable)', capability)
    .option('--cap-drop <capability>', 'as in CHOWN, or ALL (repeatable)', capability)
    .option(
      '--security-opt <key=value>',
      'seccomp=FILE|builtin|unconfined, no-new-privileges, apparmor=PROFILE, label=…, systempaths=unconfined, writable-cgroups=true (repeatable)',
      collectSecurityOpt,
    )
    .option('--sysctl <name=value>', 'a kernel parameter of its namespaces (repeatable)', collectSysctl);
}

export function securityOptions(flags: SecurityFlags): SecurityOptions {
  return {
    privileged: flags.privileged,
    capAdd: flags.capAdd,
    capDrop: flags.capDrop,
    sysctls: flags.sysctl,
    ...flags.securityOpt,
  };
}
