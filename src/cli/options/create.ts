import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/create-options.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import { addDeviceOptions, type DeviceFlags, deviceOptions } from './devices.ts';
import { addFileOptions, type FileFlags, fileOptions } from './files.ts';
import { addNamespaceOptions, type NamespaceFlags, namespaceOptions } from './namespaces.ts';
import { addOnDemand } from './on-demand.ts';
import { addProcessOptions, type ProcessFlags, processOptions, stopOptions } from './process.ts';
import { addResourceOptions, type ResourceFlags, resourceOptions } from './resources.ts';
import { addSecurityOptions, type SecurityFlags, securityOptions } from './security.ts';
import { acceptSwitchValues } from './switches.ts';

export interface CreateFlags
  extends ProcessFlags,
    ResourceFlags,
    FileFlags,
    NamespaceFlags,
    SecurityFlags,
    DeviceFlags {
  name?: string;
  platform?: Platform;
  rm?: boolean;
}

/** Everything that can be said of a new container, whichever command makes it; its options end at the image. */
export function addCreateOptions(command: Command): void {
  command.passThroughOptions();
  acceptSwitchValues(command);
  addOnDemand(command, (options) => {
    addContainerOptions(options);
    addProcessOptions(options);
    addResourceOptions(options);
    addFileOptions(options);
    addNamespaceOptions(options);
    addSecurityOptions(options);
    addDeviceOptions(options);
  });
}

function addContainerOptions(command: Command): void {
  command
    .optionsGroup('Container:')
    .option('--name <name>', 'its name; one is made up when absent')
    .option('--rm', 'remove it and its files when it ends')
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    );
}

/** Throws `invalid` for options that contradict each other. */
export function createOptions(image: string, words: string[], flags: CreateFlags): CreateOptions {
  return {
    image,
    name: flags.name,
    platform: flags.platform,
    process: processOptions(flags, words),
    namespaces: namespaceOptions(flags),
    security: securityOptions(flags),
    devices: deviceOptions(flags),
    files: fileOptions(flags),
    resources: resourceOptions(flags),
    stop: stopOptions(flags),
    autoRemove: flags.rm === true,
  };
}
