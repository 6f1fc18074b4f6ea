import type { Command } from 'commander';
import type { DeviceOptions } from '../../engine/options/create.ts';
import { parseDevice } from '../../grammar/devices.ts';
import { listOf, some } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

const FLAGS: MemberFlags<DeviceOptions> = {
  devices: [
    '--device <host[:container[:rwm]]>',
    'a device of the host, or a directory of them (repeatable)',
    listOf(parseDevice),
  ],
  cgroupRules: [
    '--device-cgroup-rule <rule>',
    "what else may be opened, as in 'c 10:229 rwm' (repeatable)",
    listOf(some('a device rule')),
  ],
};

/** Devices of the host. */
export function addDeviceOptions(command: Command): void {
  addMembers(command.optionsGroup('Devices:'), FLAGS);
}

export function deviceOptions(given: GivenFlags): DeviceOptions {
  return membersOf(FLAGS, given);
}
