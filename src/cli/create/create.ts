import type { Command } from 'commander';
import { checkCreateOptions } from '../../engine/options/check.ts';
import type { CreateOptions } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { oneOf, some, switchOf } from '../../grammar/words.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import { type AttachFlags, addAttachOptions, attachedStreams } from '../options/client.ts';
import type { GivenFlags } from '../options/members.ts';
import { addOnDemand } from '../options/on-demand.ts';
import { acceptSwitchValues } from '../options/switches.ts';
import { tell } from '../output/tell.ts';
import { addDeviceOptions, deviceOptions } from './devices.ts';
import { addFileOptions, fileOptions } from './files.ts';
import { addHealthOptions, healthOptions } from './health.ts';
import { addLabelOptions, labelOptions } from './labels.ts';
import { addLoggingOptions, loggingOptions } from './logging.ts';
import { addMountOptions, mountOptions, mountRemarks } from './mounts.ts';
import { addNamespaceOptions, namespaceOptions } from './namespaces.ts';
import { addNetworkOptions, networkOptions } from './network.ts';
import type { NetworkFlags } from './network-flags.ts';
import { addProcessOptions, processOptions, stopOptions } from './process.ts';
import { addResourceOptions, resourceOptions } from './resources.ts';
import { addRestartOptions, type RestartFlags, restartOptions } from './restart.ts';
import { addSecurityOptions, securityOptions } from './security.ts';

export interface CreateFlags extends NetworkFlags, RestartFlags, AttachFlags {
  /** All flags: each group of options looks for those of its members. */
  given: GivenFlags;
  explain?: ExplainFormat | false;
  cidfile?: string;
  name?: string;
  platform?: Platform;
  pull?: PullPolicy;
  quiet?: boolean;
  replace?: boolean;
  rm?: boolean;
  rootfs?: boolean;
}

/** How it is said what would be done: for people, or as data. */
export type ExplainFormat = 'text' | 'json';

/** When an image is fetched before a container is made of it; absent: `missing`. */
export type PullPolicy = 'always' | 'missing' | 'never';

/**
 * Everything that can be said of a new container, whichever command makes it; its options end at the image. `own` adds
 * what only this command has.
 */
export function addCreateOptions(command: Command, own?: (options: Command) => void): void {
  command.passThroughOptions();
  acceptSwitchValues(command);
  addOnDemand(command, (options) => {
    addContainerOptions(options);
    own?.(options);
    addProcessOptions(options);
    addResourceOptions(options);
    addFileOptions(options);
    addMountOptions(options);
    addNetworkOptions(options);
    addNamespaceOptions(options);
    addSecurityOptions(options);
    addDeviceOptions(options);
    addRestartOptions(options);
    addHealthOptions(options);
    addLoggingOptions(options);
    addLabelOptions(options);
  });
}

function addContainerOptions(command: Command): void {
  command
    .optionsGroup('Container:')
    .option('--name <name>', 'its name; one is made up when absent')
    .option('--rm', 'remove it and its files when it ends')
    .option('--replace', 'remove the container that has its name now, even if it runs')
    .option('--cidfile <file>', 'write its id there; the file must not exist', some('the path of --cidfile'))
    .option(
      '--platform <os/arch[/variant]>',
      'which image to take where an index offers several',
      parsePlatform,
    )
    .option(
      '--pull <when>',
      'fetch the image first: always, missing (the default) or never',
      oneOf<PullPolicy>('always', 'missing', 'never'),
    )
    .option(
      '--rootfs',
      'run a directory in the place of an image: DIR, or DIR:O to write into a layer above it',
    )
    .option('-q, --quiet', 'do not show how the image is fetched')
    .option(
      '--explain [format]',
      'say what this would do, and do nothing; =json: as data',
      switchOf<ExplainFormat>('text', 'json'),
    );
  addAttachOptions(command);
}

/** Warns on standard error of what is discarded. Throws as `checkCreateOptions`, and `invalid` for what cannot be read. */
export async function createOptions(
  image: string,
  words: string[],
  flags: CreateFlags,
): Promise<CreateOptions> {
  const { given } = flags;
  if (flags.replace === true && !flags.name) {
    throw new EngineError('invalid', '--replace needs --name', {
      subject: '--replace',
      hint: 'name the container that is to be replaced',
    });
  }
  const { namespace, network } = await networkOptions(flags);
  const options: CreateOptions = {
    ...(flags.rootfs === true ? await rootDirectory(image, flags) : { image }),
    name: flags.name,
    platform: flags.platform,
    cidFile: flags.cidfile,
    process: { ...processOptions(given, words), attach: attachedStreams(flags) },
    namespaces: { ...namespaceOptions(given), network: namespace },
    network,
    security: securityOptions(given),
    devices: deviceOptions(given),
    files: fileOptions(given),
    ...(await mountOptions(given)),
    resources: resourceOptions(given),
    stop: stopOptions(given),
    autoRemove: flags.rm === true,
    ...labelOptions(given),
    ...restartOptions(flags),
    log: loggingOptions(given),
    health: healthOptions(given),
  };
  // Refused before an image is fetched for it.
  for (const warning of [...(await checkCreateOptions(options)), ...(await mountRemarks(options))])
    tell(`skiff: ${warning}`);
  return options;
}

/** Loaded for those who have one. Throws `invalid`, also when an image is to be fetched. */
async function rootDirectory(
  text: string,
  { pull }: CreateFlags,
): Promise<Pick<CreateOptions, 'image' | 'rootfs'>> {
  if (pull !== undefined) {
    throw new EngineError('invalid', '--pull and --rootfs contradict each other', {
      subject: '--pull',
      hint: 'leave one of them out: a directory is not fetched',
    });
  }
  const { parseRootDirectory } = await import('../../grammar/root-directory.ts');
  return parseRootDirectory(text);
}
