import type { Command } from 'commander';
import type { DeviceMapping, DeviceOptions } from '../../engine/options/create.ts';
import { parseDevice } from '../parse/devices.ts';
import { listOf, some } from '../parse/words.ts';

export interface DeviceFlags {
  device?: DeviceMapping[];
  deviceCgroupRule?: string[];
}

/** Devices of the host. */
export function addDeviceOptions(command: Command): void {
  command
    .optionsGroup('Devices:')
    .option(
      '--device <host[:container[:rwm]]>',
      'a device of the host, or a directory of them (repeatable)',
      listOf(parseDevice),
    )
    .option(
      '--device-cgroup-rule <rule>',
      "what else may be opened, as in 'c 10:229 rwm' (repeatable)",
      listOf(some('a device rule')),
    );
}

export function deviceOptions(flags: DeviceFlags): DeviceOptions {
  return { devices: flags.device, cgroupRules: flags.deviceCgroupRule };
}
