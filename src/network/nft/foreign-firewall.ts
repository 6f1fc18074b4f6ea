import { type Answer, attributesOf, decodeMessages, listOf, numberOf, textOf } from './decode.ts';
import { Message } from './messages.ts';
import { Family, Flag, message } from './netlink.ts';

/** A chain of somebody else's that denies what none of its rules allows. */
export interface DenyingChain {
  family: 'ip' | 'ip6' | 'inet';
  table: string;
  chain: string;
  hook: 'input' | 'forward';
  /** Whether the chain denies by its policy, or by a last rule that concerns every packet. */
  by: 'policy' | 'rule';
}

const FAMILIES: Readonly<Record<number, DenyingChain['family']>> = {
  [Family.inet]: 'inet',
  [Family.ipv4]: 'ip',
  [Family.ipv6]: 'ip6',
};
const HOOKS: Readonly<Record<number, DenyingChain['hook']>> = { 1: 'input', 2: 'forward' };
const NF_DROP = 0;
/** Expressions that let every packet pass on to the next one. */
const PASSIVE = ['counter', 'log'];

/** Asks the kernel (`nft get`) for the chains, and for the rules, of every table in this network namespace. */
export function firewallQuestions(): Uint8Array {
  const ask = (type: number) => message({ type, flags: Flag.dump, family: Family.unspecified }, []);
  return Buffer.concat([ask(Message.getChain), ask(Message.getRule)]);
}

/**
 * The chains at the hooks input and forward, in tables other than `own`, that deny by default: what skiff accepts in its
 * own table is accepted there only if a rule of theirs says so. `answers` is what the kernel said to the questions.
 */
export function denyingChains(answers: Uint8Array, own: string): DenyingChain[] {
  const messages = decodeMessages(answers);
  const lastRules = new Map<string, Answer>();
  for (const rule of messages)
    if (rule.type === Message.newRule)
      lastRules.set(keyOf(rule.family, textOf(rule.attributes.get(1)), textOf(rule.attributes.get(2))), rule);

  return messages.flatMap((answer): DenyingChain[] => {
    const chain = answer.type === Message.newChain ? baseChain(answer) : undefined;
    if (!chain || chain.table === own) return [];
    if (numberOf(answer.attributes.get(5)) === NF_DROP) return [{ ...chain, by: 'policy' }];
    const last = lastRules.get(keyOf(answer.family, chain.table, chain.chain));
    return last && deniesAll(last) ? [{ ...chain, by: 'rule' }] : [];
  });
}

function baseChain({ family: number, attributes }: Answer): Omit<DenyingChain, 'by'> | undefined {
  const hook = HOOKS[numberOf(attributesOf(attributes.get(4)).get(1)) ?? -1];
  const [family, table, chain] = [FAMILIES[number], textOf(attributes.get(1)), textOf(attributes.get(3))];
  if (!hook || !family || table === undefined || chain === undefined) return undefined;
  return { family, table, chain, hook };
}

/** Whether the rule has no condition, and drops or rejects. */
function deniesAll({ attributes }: Answer): boolean {
  const expressions = listOf(attributes.get(4)).map(({ payload }) => attributesOf(payload));
  const acting = expressions.filter((expression) => !PASSIVE.includes(textOf(expression.get(1)) ?? ''));
  const [only] = acting;
  if (!only || acting.length > 1) return false;
  const [name, data] = [textOf(only.get(1)), attributesOf(only.get(2))];
  // A target is one of iptables', by its name.
  return (
    name === 'reject' ||
    (name === 'target' && textOf(data.get(1)) === 'REJECT') ||
    (name === 'immediate' && isDrop(data.get(2)))
  );
}

/** Whether an immediate value is the verdict drop: NFTA_DATA_VERDICT, in it NFTA_VERDICT_CODE. */
function isDrop(value: Uint8Array | undefined): boolean {
  return numberOf(attributesOf(attributesOf(value).get(2)).get(1)) === NF_DROP;
}

function keyOf(family: number, table: string | undefined, chain: string | undefined): string {
  return `${family} ${table} ${chain}`;
}
