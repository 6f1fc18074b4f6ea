import type { CommandModule } from '../command-table.ts';
import { type Flags, inspect } from './inspect.ts';

const CONTAINER_EXAMPLES = `
Examples:
  skiff container inspect web
  skiff container inspect -f '{{.State.Status}} {{.State.ExitCode}}' web db`;

const IMAGE_EXAMPLES = `
Examples:
  skiff image inspect busybox
  skiff image inspect -f '{{json .Config.Env}}' busybox`;

/** `container inspect`: an image of the same name does not count. */
export const container: CommandModule = {
  define: (command, session) => {
    command
      .argument('<container...>', 'names or ids')
      .option('-f, --format <template>', 'json, or a template such as "{{.State.Status}}"')
      .option('-s, --size', 'also what they need on disk')
      .addHelpText('after', CONTAINER_EXAMPLES)
      .action((names: string[], flags: Flags) => inspect(session(), names, { ...flags, type: 'container' }));
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
