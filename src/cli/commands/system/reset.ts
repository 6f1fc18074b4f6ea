import type { Command } from 'commander';
import type { ResetPreview } from '../../../engine/system/reset.ts';
import { confirm } from '../../command/confirm.ts';
import type { Session } from '../../command/session.ts';
import { tell } from '../../output/tell.ts';

const EXAMPLES = `
Running containers are killed. A store that was deleted by hand is taken off this host: its bridges, its part of the
firewall, its runtime directory. Files in the directory that are not the store's stay, and so do other stores.

Examples:
  skiff system reset                       asks first
  skiff --root /tmp/ci system reset -f     before that directory is deleted`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-f, --force', 'do not ask')
    .addHelpText('after', EXAMPLES)
    .action(async ({ force = false }: { force?: boolean }) => {
      const engine = await session().engine();
      const preview = await engine.previewReset();
      if (preview.nothing) return tell(`There is nothing of a store at ${preview.root}.`);
      if (force || (await confirm(warning(preview)))) return await engine.reset();
      tell('Nothing was removed.');
    });
}

function warning({ root, run, containers, images, networks, volumes, bridges }: ResetPreview): string {
  const lines = [
    `all containers (${containers})`,
    `all images (${images})`,
    `all networks (${networks})${bridges.length > 0 ? `, with the interfaces ${bridges.join(', ')}` : ''}`,
    `all volumes (${volumes}) with what is in them`,
    `the store in ${root}`,
    `the runtime directory ${run}`,
  ];
  return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}`).join('\n')}`;
}
