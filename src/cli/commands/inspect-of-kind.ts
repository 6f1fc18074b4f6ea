import type { CommandModule } from '../command/entry.ts';
import { addLatest, type SelectionFlags, selected } from '../options/selection.ts';
import { type Flags, inspect } from './inspect.ts';

const CONTAINER_EXAMPLES = `
Examples:
  skiff container inspect web
  skiff container inspect -f '{{.State.Status}} {{.State.ExitCode}}' web db`;

const IMAGE_EXAMPLES = `
Examples:
  skiff image inspect busybox
  skiff image inspect -f '{{json .Config.Env}}' busybox`;

const NETWORK_EXAMPLES = `
Examples:
  skiff network inspect front
  skiff network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' bridge
  skiff network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{end}}' front`;

const VOLUME_EXAMPLES = `
Examples:
  skiff volume inspect data
  skiff volume inspect -f '{{.Mountpoint}}' data`;

/** `container inspect`: an image of the same name does not count. */
export const container: CommandModule = {
  define: (command, session) => {
    command
      .argument('[container...]', 'names or ids')
      .option('-f, --format <template>', 'json, or a template such as "{{.State.Status}}"')
      .option('-s, --size', 'also what they need on disk')
      .addHelpText('after', CONTAINER_EXAMPLES)
      .action(async (names: string[], flags: Flags & SelectionFlags) =>
        inspect(session(), await selected(session(), names, flags), { ...flags, type: 'container' }),
      );
    addLatest(command);
  },
};

/** `image inspect`: a container of the same name does not count. */
export const image: CommandModule = {
  define: (command, session) => {
    command
      .argument('<image...>', 'references or ids')
      .option('-f, --format <template>', 'json, or a template such as "{{.RepoTags}}"')
      .addHelpText('after', IMAGE_EXAMPLES)
      .action((names: string[], flags: Flags) => inspect(session(), names, { ...flags, type: 'image' }));
  },
};

/** `network inspect`: containers and images of the same name do not count. */
export const network: CommandModule = {
  define: (command, session) => {
    command
      .argument('<network...>', 'names or ids')
      .option('-f, --format <template>', 'json, or a template such as "{{.Driver}}"')
      .option('-v, --verbose', 'also services of a swarm, of which there are none')
      .addHelpText('after', NETWORK_EXAMPLES)
      .action((names: string[], flags: Flags) => inspect(session(), names, { ...flags, type: 'network' }));
  },
};

/** `volume inspect`: objects of other kinds that have the same name do not count. */
export const volume: CommandModule = {
  define: (command, session) => {
    command
      .argument('<volume...>', 'names')
      .option('-f, --format <template>', 'json, or a template such as "{{.Mountpoint}}"')
      .addHelpText('after', VOLUME_EXAMPLES)
      .action((names: string[], flags: Flags) => inspect(session(), names, { ...flags, type: 'volume' }));
  },
};
