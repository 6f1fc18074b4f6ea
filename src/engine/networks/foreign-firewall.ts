import { callHelper } from '../../host/run-program.ts';
import { type DenyingChain, denyingChains, firewallQuestions } from '../../network/nft/foreign-firewall.ts';
import type { Context } from '../store/context.ts';

export type { DenyingChain };

/**
 * The chains of others that deny by default: what comes to this host (`input`), and what it passes on (`forward`).
 * Published ports pass the first by, and nothing passes the second by. Empty where there is no nf_tables.
 */
export async function foreignFirewall({ helper, paths }: Context): Promise<DenyingChain[]> {
  const { output, failure } = await callHelper(helper, ['nft', 'get'], firewallQuestions());
  return failure === undefined ? denyingChains(output, paths.table) : [];
}
