import type { Command } from 'commander';
import type { PruneFilters } from '../../engine/options/prune.ts';
import { collectPruneFilter } from '../../grammar/prune-filters.ts';
import { confirm } from '../command/confirm.ts';
import { tell } from '../output/tell.ts';

interface PruneFlags {
  filter?: PruneFilters;
  force?: boolean;
}

/** The texts of a `prune`, and the action once the user has agreed. */
export interface Pruning {
  examples: string;
  /** Tells the user who is asked what will be removed. */
  warning: string;
  prune(filters: PruneFilters): Promise<void>;
}

/** The options that every `prune` has, and its question. */
export function definePrune(command: Command, { examples, warning, prune }: Pruning): void {
  command
    .option('-f, --force', 'do not ask')
    .option(
      '--filter <key=value>',
      'only some: until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE] (repeatable)',
      collectPruneFilter,
    )
    .addHelpText('after', examples)
    .action(async ({ filter = {}, force = false }: PruneFlags) => {
      if (force || (await confirm(warning))) return await prune(filter);
      tell('Nothing was removed.');
    });
}
