import { runProgram } from '../host/run-program.ts';
import { WATCHED_CHAIN, WATCHED_RULES } from '../network/nft/watched-chain.ts';
import type { Context } from './context.ts';

/**
 * Makes the firewall's table and the bridges anew if somebody flushed them; for commands that show networks or ports,
 * so that what they show is so. Without networks there is nothing to look at.
 */
export async function repairIfFlushed(context: Context): Promise<void> {
  if (await isIntact(context)) return;
  const { repairNetworks } = await import('./repair-networks.ts');
  await repairNetworks(context);
}

/** Whether the table is there, with its rules, or need not be. */
export async function isIntact({ database, helper, paths }: Context): Promise<boolean> {
  if (database.get('SELECT 1 FROM address_lease') === undefined) return true;
  const { code } = await runProgram(helper, [
    'nft',
    'intact',
    paths.table,
    WATCHED_CHAIN,
    String(WATCHED_RULES),
  ]);
  return code === 0;
}
